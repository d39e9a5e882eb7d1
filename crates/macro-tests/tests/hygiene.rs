//! The names of generated code do not meet those of users: services and resources can have any name.
#![allow(dead_code, reason = "only some of the generated items are used")]

use lucarne_macros::{Fault, resource, service};
use lucarne_services::Resource;

macro_rules! services {
    ($($name:ident $die:ident $module:ident)*) => {
        $(mod $module {
            use super::{Resource, resource, service};

            #[service(crate = lucarne_services, uuid = "1f0c5a34-3a0e-4c1b-8a57-6a7f0d3f4a10", version = "1.0")]
            trait $name {
                type $die: $die;
                #[index(0)]
                async fn r#type(&self, index: i64, value: String) -> Resource<Self::$die>;
            }

            #[resource(notifies = i64, crate = lucarne_services)]
            trait $die {
                #[index(1)]
                async fn handle(&self, deserializer: i64, proxy: i64, call: i64) -> i64;
            }

            struct Implementation;

            impl $name for Implementation {
                type $die = Implementation;

                async fn r#type(&self, _index: i64, _value: String) -> Resource<Implementation> {
                    Implementation::resource(|_notifier| Implementation)
                }
            }

            impl $die for Implementation {
                async fn handle(&self, deserializer: i64, proxy: i64, call: i64) -> i64 {
                    deserializer + proxy + call
                }
            }
        })*
    };
}

services! {
    T D t
    S P s
    P C p
    C E c
    D T d
    E S e
    N M n
    Self_ Value self_
    Handler Client handler
    Send Sync send
    Clone Debug clone
    Sized From sized
    Deserialize Deserializer deserialize
    Message Notifies message
}

/// An enum whose variants hide those of `Option`.
#[derive(Debug, PartialEq, Fault)]
#[fault(crate = lucarne_services)]
enum Hidden {
    None,
    Some,
    r#Match,
    #[fault(other)]
    Other(String),
}

#[test]
fn faults_have_texts_under_any_name() {
    use Hidden::*;
    assert_eq!(lucarne_services::Fault::to_text(&Some), "SOME");
    assert_eq!(lucarne_services::Fault::to_text(&r#Match), "MATCH");
    assert!(matches!(<Hidden as lucarne_services::Fault>::from_text("NONE"), Option::Some(None)));
}
