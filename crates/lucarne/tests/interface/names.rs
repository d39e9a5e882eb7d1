// Made from names.toit by `lucarne interface generate --rust`. Do not edit: change
// names.toit instead, and make this file again.

use lucarne::{Resource, Value};
use serde::{Deserialize, Serialize};

/// Names that are keywords in other languages, or that generated code uses.
#[lucarne::service(
    uuid = "7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d04",
    version = "1.0",
    definition = DEFINITION
)]
pub trait Names {
    type Node: Node<Node = Self::Node>;

    #[index(0)]
    async fn r#match(&self, r#type: String, r#fn: i64) -> i64;

    #[index(1)]
    async fn self_(&self) -> i64;

    #[index(2)]
    async fn crate_(&self, r#mut: i64) -> i64;

    #[index(3)]
    async fn index(&self, arguments: i64, client: i64, gid: i64, index: i64) -> Vec<Value>;

    #[index(4)]
    async fn task(&self, monitor: i64, definition: i64) -> i64;

    #[index(5)]
    async fn invoke(&self, value: Value, element: Value);

    #[index(6)]
    async fn r#await(&self, r#struct: Struct) -> Struct;

    #[index(7)]
    async fn lists(&self, list: Vec<ListOfStruct>) -> Vec<Struct>;

    #[index(8)]
    async fn r#ref(&self, r#loop: i64, r#dyn: i64) -> Resource<Self::Node>;
}

#[lucarne::resource(notifies = (String, i64))]
pub trait Node {
    type Node: Node;

    #[index(9)]
    async fn r#move(&self, handle: i64, r#in: i64) -> Option<Resource<Self::Node>>;

    #[index(10)]
    async fn monitor(&self) -> i64;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Struct {
    pub r#type: String,
    #[serde(rename = "self")]
    pub self_: i64,
    pub r#pub: Option<Box<Struct>>,
    pub value: Option<Vec<Value>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListOfStruct {
    pub of: Struct,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdauSKn\xe30\x0c\xdd\xe7\x14<\xc0\xd8J\xda\xa4M\x83\xa2\x93\x03\x14\x9d\xc5\x9c\x80\x96(G\x88\
    ,\x19\x92\x9cNn?\xfa\xb8\xa9m\xa4\x0bK|\xe0G$\xdf3c\x0c\x8e\x9e\xdcEq\x82g\xb9\x91OrO\xd5V<\xf0\
    j\xcbw\xbb\xeaE\xee\xb0\xda5k\xb9o\x1e\xf9F\xac\xb7\xb0\xa9\xd7+\xc6X\xfa\xe0\x03;\xf2\x10N\x18\
    \x00\x1d\xc1\x99\xae\x9f\xd6\x09\x0f\xca\x80\x0d'r\xa0\xd1\xb4\x03\xb6\xe4\x7f\x81u%\xb0%C\x0e\
    \x03\x09\xe0V\x10\x0c\x9e|\xbdR&\x90\x93\x18{\xc8%\x0f+\x80T\xff\xa8\x8c\xa0\x7f\xb0\x8e\xb0\
    \xc3\xc0O\x10\xae=1\x1f\x9c2-H\xc3b\x1aTo\xf1\xb90O\xd8D\xe8I\xcb\xbb\xce\x87\x08y\xea\x00\xba!\
    \xfcX\xe21\xc2b\xa1k\x87\x8eL\xf09\x96k\x15\xedl\xb6J\xe4;\x87}\x15zW~Qi\x1ba@\x7f\x86\xce\x1a\
    \x15\xac\xcb\x91\x82\xa4\x8aH\xd9\x9f\x87\xd8\xe5\x0e.\xf6LpA=\x10Cs\x05\xd2\x94z\xc9vL2\xd6\
    \xd0<\xeb)B\xfcD\x15\x20\xaei\xe0\x81\xfd\xcdW\x0a.\xd6<\xfc\xf9\x0b\xa6\xcd\x82\x8e\xcd\xe7\
    \x09^\xd3\xf1G\x96\x8c\xb7Y\xcc8\xe3\xeb\xb7/e\xf9|\xb2\xe4\xb9\xbf\x85}\x84\x8e$hk\xfb\xb2\x81\
    \xebm\xf4\x8f(\x84\xac\xa7\xa3#o\x07\xc7i*\x88\xe8\\\xe8\xe1%\xe9\xc1^\x08Nh\x84\xa6\x91\x84i\
    \xb5\xdf\x0b=d\x05\x95\xf5/vmlPRqLT\xcc\xe4\x95\xf4\xc3J\xa05\x95\xeaz\x0d\x1c\xb5n\x90\x9f\xd9\
    ;v\x8d\xc0%\x01\\[\x9f\x80p\xb6\xbf\xf9\xc6\xb1x\xfc/V\\\xa3\xf7#\x0di\xa4\xc9s\xa3`\xc7\x07\
    \xfb\xa1\x19yK\x83\x14\xf6\xd3J\x13\xe2\xd6\x14f\xd3(U]8\xa9\xea\"\xf7\xaa\x8e\xa9\xe9\xca9\x87\
    ;\xafO\x89M=X\xc9n\xba\x98\x96\xae\xad<\xac\xfe\x03|BI\x86";
