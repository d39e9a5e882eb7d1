//! The Rust of random definitions, and relays: see `mixes.rs`.

use std::time::Duration;

use lucarne::Container;

/// The longest wait for the next relay.
const PATIENCE: Duration = Duration::from_secs(60);

/// Provides all services, by relays.
pub(super) fn provide(container: &Container, own: &str, next: &str) {
    mix0::provide(container, own, next);
    mix1::provide(container, own, next);
    mix2::provide(container, own, next);
    mix3::provide(container, own, next);
    mix4::provide(container, own, next);
    mix5::provide(container, own, next);
}

mod mix0 {
// Made from mix0.toit by `lucarne interface generate --rust`. Do not edit: change
// mix0.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-000000000000",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Mix0 {
    #[index(0)]
    async fn echo_0(
        &self,
        r#type: Option<Mix0Record1>,
        self_: Bytes,
        register: Option<Vec<Vec<Vec<Value>>>>,
    ) -> Bytes;

    #[index(1)]
    async fn echo_1(
        &self,
        r#struct: Option<Mix0Record2>,
        register: Mix0Record2,
        r#match: Option<BTreeMap<i64, Option<Mix0Record0>>>,
    ) -> Option<BTreeMap<i64, Option<Mix0Record0>>>;

    #[index(2)]
    async fn echo_2(&self, r#struct: Option<Mix0Record1>) -> Option<Mix0Record1>;

    #[index(3)]
    async fn echo_3(&self, r#struct: f64) -> f64;

    #[index(4)]
    async fn echo_4(
        &self,
        register: Bytes,
        value: Option<Mix0Record1>,
        default: Option<Vec<Vec<Option<bool>>>>,
    ) -> Bytes;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix0Record0 {
    #[serde(rename = "self")]
    pub self_: Option<Vec<Option<Vec<Value>>>>,
    pub r#struct: Option<i64>,
    pub value: i64,
    pub a: f64,
    pub next: Option<Box<Mix0Record0>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix0Record1 {
    pub value: Option<Mix0Record0>,
    pub default: Option<BTreeMap<String, Option<i64>>>,
    pub next: Option<Mix0Record0>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix0Record2 {
    pub a: Value,
    pub long_name: Bytes,
    pub default: Option<Vec<Value>>,
    pub next: Option<Box<Mix0Record2>>,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8dS\xc1\x92\x820\x0c\xbd\xfb\x15\xf9\x00k\x01=1\x8e\xec\xeey\xbd\xec\x1ft\xb1(3\xb5uJu\
    \xf4\xef7)PZ\xd6\xdd1\x07\x9a\x94\xe4\xe5%\x0f8\xe7\xf0\xd6I{kk\x09\xf9`\xac@ck4\xb6AcYd\x90\
    \xaf\x8aE\xab\x9d\xb4\x8d\xc0\x92}{\xcf\xca\x05\x00'\x9cV\x1f\xe4\x1d\xb21t\x8f\x8b\x04+\x8fm\
    \x87\xd9\xf0\x89\xc76<v\xbb\x0a\xd3d}2,\x03J\xe4\x84\xf4%kc\x0fy\x05\x8cuR5\xfc\xe3\xe1\xe4\xbb\
    \xb5\xe2\x11`8\x15\xe3\xfb\x1d\x84wi\xf7<\xe9~\x16\xae>\xc1^\\\xb6Hy\x09S\x8f\xac\xf2\x04\xa6LD\
    \xfc;\xcd\xf3\xcc\x89\x95\xb3\xd7\xdaE\\\x0b\xe2\x1a\xc8E\xf7x\xed\x9bsD\xad\x06\xf4*\xa5Z\x8c\
    \xc8\xc53\xe4\xbc\xaf\x8a\xe2\xb4z=V\xafa\xa8m\x94\x11\x8e\x8a\xbc\x93fo\x92a\x0f\xb2\x11W\xe5\
    \"M\xbe\x8dQU$\xcaf\xda\xf8$\xc2M\xa8\xebL\xa8\x01\xe9\x99,\xbe\x9d\xf5\x89\x8bZ\x89\xae\x8b\
    \xf7Z&|\x02\x8f~\xdd^{\x1fR\xd0\x0f\x87\xc2P\xd4S\xc0\x00}\xc1\xc7A\xb5\xbc\xc7\xab\xcb(\xb36\
    \xba/5\x16\xd7\xbb\"L\x7f\xfa;\xf2<\x149\x02V\x04P\xfe\xcb8/C\xf7Y\xa3i\x0c\xfa\x80\x10\xbf\xd5\
    \xc7%\x10_?\xcc\xb8\xa1A\xff\x17\xa8\x06b\xa3L/\xd0+J\xbf\x10l\x82\xa72\xfa\xc8\xb48K\x1e\xff$\
    \x89T\xbf\x99\x14s&\xb4\x97\x80\x04s2?\xe0eO?";

pub(super) struct Relay(Mix0Client);

impl Mix0 for Relay {
    async fn echo_0(&self, r#type: Option<Mix0Record1>, self_: Bytes, register: Option<Vec<Vec<Vec<Value>>>>) -> Bytes {
        self.0.echo_0(r#type, self_, register).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_1(&self, r#struct: Option<Mix0Record2>, register: Mix0Record2, r#match: Option<BTreeMap<i64, Option<Mix0Record0>>>) -> Option<BTreeMap<i64, Option<Mix0Record0>>> {
        self.0.echo_1(r#struct, register, r#match).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_2(&self, r#struct: Option<Mix0Record1>) -> Option<Mix0Record1> {
        self.0.echo_2(r#struct).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_3(&self, r#struct: f64) -> f64 {
        self.0.echo_3(r#struct).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_4(&self, register: Bytes, value: Option<Mix0Record1>, default: Option<Vec<Vec<Option<bool>>>>) -> Bytes {
        self.0.echo_4(register, value, default).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(super) fn provide(container: &lucarne::Container, own: &str, next: &str) {
    let next = next.to_owned();
    let open = Mix0Client::open(container).within(super::PATIENCE);
    let next = open.only(move |candidate| candidate.tags.contains(&next)).wait().expect("it comes");
    let provider = container.provider("relay-mix0", "1.0").tags([own.to_owned()]);
    provider.handle(Mix0Handler::new(Relay(next))).install().wait().expect("the name is free");
}
}

mod mix1 {
// Made from mix1.toit by `lucarne interface generate --rust`. Do not edit: change
// mix1.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-000000000001",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Mix1 {
    #[index(0)]
    async fn echo_0(
        &self,
        default: BTreeMap<i64, Option<f64>>,
        r#type: Option<bool>,
    ) -> Option<bool>;

    #[index(1)]
    #[allow(clippy::type_complexity)]
    async fn echo_1(
        &self,
        long_name: Mix1Record2,
        x1: BTreeMap<String, String>,
        index: Option<BTreeMap<i64, Option<BTreeMap<i64, Vec<Vec<Value>>>>>>,
    ) -> Option<BTreeMap<i64, Option<BTreeMap<i64, Vec<Vec<Value>>>>>>;

    #[index(2)]
    async fn echo_2(&self, r#match: Option<f64>) -> Option<f64>;

    #[index(3)]
    async fn echo_3(
        &self,
        register: BTreeMap<i64, Mix1Record1>,
        self_: Option<Vec<Value>>,
    ) -> BTreeMap<i64, Mix1Record1>;

    #[index(4)]
    async fn echo_4(&self, register: Option<Mix1Record2>) -> Option<Mix1Record2>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix1Record0 {
    pub r#match: Bytes,
    pub long_name: BTreeMap<String, f64>,
    pub next: Option<Box<Mix1Record1>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix1Record1 {
    #[allow(clippy::type_complexity)]
    pub default: Option<Vec<Vec<BTreeMap<String, Option<Bytes>>>>>,
    #[allow(clippy::type_complexity)]
    pub a: BTreeMap<String, Option<BTreeMap<String, Vec<Option<Bytes>>>>>,
    pub r#struct: BTreeMap<i64, Option<Vec<Option<Vec<Mix1Record0>>>>>,
    pub next: Option<Box<Mix1Record2>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix1Record2 {
    pub default: Option<BTreeMap<String, Option<Mix1Record1>>>,
    #[serde(rename = "self")]
    pub self_: BTreeMap<i64, BTreeMap<String, Option<BTreeMap<i64, Bytes>>>>,
    #[allow(clippy::type_complexity)]
    pub long_name: BTreeMap<String, Option<BTreeMap<i64, Option<BTreeMap<i64, Option<Mix1Record0>>>>>>,
    #[serde(default)]
    pub register: Value,
    pub next: Option<Box<Mix1Record0>>,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8dSA\x92\x820\x10\xbc\xfb\x8ay\x80!\x04=YT\xd8\xdd\xf3z\xd9\x1fd1(U\x08V\x88[\xf0\xfbM\
    \x06\x08\x09\xa2e\x0e:\x84\xe9Iw\xd3\xa1\x94\xc2G+\xd5_\x99K`\xe3\"\x89Ydg\x16\xd9\x9bE\xe2y1`Q\
    \xb2)k-U!\x0c\xe4Xv\xec\xb0\x01\xa0vNY\x9fd\x07\xf1\xf4\xa8\xfb\x9b\x84\x93,\xc4\xbd\xd2p\x14\
    \xb7\xd4\xc0\xb6PT\x8d\xd0\x197M2\xbf4$\x06B\xc6\x1ejz\xc0\x82\xe8o\xd3T\x19\x10\x0eX\x84\xe3Y0\
    \xbec8\xb9\xd5\xaa\xac\xcf[\x18\xfey\xd02\xc0\xdc\xf9\xae\xf8.[\x9d\xda\x1f\xce3\x9e\x05\x10s\
    \xf2\x1b\xfd\xc8\x9f\x19\xfeUS\x9fI-\xae\x92Z;~d\xde\xa8Sb\xf6;\x86\x92\x90\x80\xad\xb2q\xf0BQ2\
    \xcdJ\xe0*t~\xa1\x83E\xb6y\xa8\xc2\xf6]@U\xc9\xb3\xa1$\x95G\xd8q`\xfc\xb9\xaa\xb0\x09\x8f\xdf\
    \x19\xca\xd38$\xde\xca\xaa\xa0V\xf1D<$\xb2\x9f\x80{\x98a\xb3\x01\x03\xc8{\xde\x20V\xe1\xd3&\xaf\
    D\xdbz\xafc\x9b\xa2A\xfeW\xaf\xe5\xa7R\xa2\x0f\xd8\xfb\x9f\x19m\xb1\xbc=\xe7\x91]-;\xedq`\xd6\
    \xba\xbc\xa9\x0d\xee\x9e\xebF\x19\x81\x11\x9ea\x0b\x87\x85\xc8\xc2\x0e/\xe9\xcd!G2.\x0b\xa9O\
    \xcb\x11\xcf8\xc7\x84L\xc1F\x0f\x9f\xaa\xf1k\x9c\xe9\xcf\xc1\x9b\"\xa8g\xbe\xc3\x87\xa9L=/m@-n\
    \xd0\xbd\xeeM\xb2\xe2\xcdtY#\x01\xd1\xb0\xff\x8e7\xc9\xe1\xb94\xefS\x04\x8e\xf8\xb7\x20\x14\xb4\
    t\x067\x9d#F\x17\x0a\xb3\xc9\\\xf3\xe4\x01\xb9\x92\xf88\x9b\xfcY\xc6\xc7\xc5X\xd4\xfd\xa3c\xf1\
    \x0b\xc7Li9-r\xe5.\xe7\xe8\xe2?v\xf5\xac\xf3";

pub(super) struct Relay(Mix1Client);

impl Mix1 for Relay {
    async fn echo_0(&self, default: BTreeMap<i64, Option<f64>>, r#type: Option<bool>) -> Option<bool> {
        self.0.echo_0(default, r#type).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_1(&self, long_name: Mix1Record2, x1: BTreeMap<String, String>, index: Option<BTreeMap<i64, Option<BTreeMap<i64, Vec<Vec<Value>>>>>>) -> Option<BTreeMap<i64, Option<BTreeMap<i64, Vec<Vec<Value>>>>>> {
        self.0.echo_1(long_name, x1, index).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_2(&self, r#match: Option<f64>) -> Option<f64> {
        self.0.echo_2(r#match).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_3(&self, register: BTreeMap<i64, Mix1Record1>, self_: Option<Vec<Value>>) -> BTreeMap<i64, Mix1Record1> {
        self.0.echo_3(register, self_).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_4(&self, register: Option<Mix1Record2>) -> Option<Mix1Record2> {
        self.0.echo_4(register).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(super) fn provide(container: &lucarne::Container, own: &str, next: &str) {
    let next = next.to_owned();
    let open = Mix1Client::open(container).within(super::PATIENCE);
    let next = open.only(move |candidate| candidate.tags.contains(&next)).wait().expect("it comes");
    let provider = container.provider("relay-mix1", "1.0").tags([own.to_owned()]);
    provider.handle(Mix1Handler::new(Relay(next))).install().wait().expect("the name is free");
}
}

mod mix2 {
// Made from mix2.toit by `lucarne interface generate --rust`. Do not edit: change
// mix2.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-000000000002",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Mix2 {
    #[index(0)]
    async fn echo_0(
        &self,
        value: Mix2Record1,
        r#struct: Vec<Option<Vec<Vec<Mix2Record1>>>>,
    ) -> Vec<Option<Vec<Vec<Mix2Record1>>>>;

    #[index(1)]
    async fn echo_1(&self, a: Option<Vec<Value>>, b_c: Bytes, r#struct: Option<f64>) -> Bytes;

    #[index(2)]
    async fn echo_2(
        &self,
        r#struct: Vec<Option<Vec<Vec<f64>>>>,
        index: bool,
        x1: Option<f64>,
    ) -> Vec<Option<Vec<Vec<f64>>>>;

    #[index(3)]
    async fn echo_3(&self, x1: Option<i64>, register: f64) -> Option<i64>;

    #[index(4)]
    async fn echo_4(
        &self,
        r#struct: Mix2Record2,
        r#match: Option<Mix2Record0>,
    ) -> Option<Mix2Record0>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix2Record0 {
    #[serde(default)]
    pub a: Value,
    pub next: Option<Box<Mix2Record1>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix2Record1 {
    #[allow(clippy::type_complexity)]
    pub default: Option<BTreeMap<String, Vec<Option<BTreeMap<String, Option<Vec<Value>>>>>>>,
    pub register: Box<Mix2Record0>,
    #[serde(default)]
    pub x1: Value,
    pub next: Option<Box<Mix2Record1>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix2Record2 {
    pub x1: BTreeMap<i64, f64>,
    pub register: BTreeMap<String, Option<Vec<Value>>>,
    pub r#struct: Option<f64>,
    #[serde(default)]
    pub long_name: Value,
    pub next: Option<Box<Mix2Record2>>,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8dSK\x92\x820\x10\xdds\x8a\x1c\xc0\x10\x12]Y\x16\xcc\xccz\xdc\xcc\x0db\x8cJ\x15&V@\x0bo?\
    \xdd\x09\x91\xa0S#YP\xf4\xe7\xbd\xbc\xd74\x8c1\xf2\xd1jw\xab\x95&|8T\xc0\xa1K8t\x05\x87\x16\xe3\
    \x11\x84\xe7\"\xabM\xa7\xddA\x02d[\xf7b\x9d\x11\xc2\x90\xa76{\xdd\x93\"\x86\xdd\xfd\xa2I\xdb\
    \xb9\xab\xea\xc8w\xddv\x9b\xf1\x81\xb0\x1f\xad\xac\xdb\xf3\xb2\xac\xca\x09\x82\x96\xef\xbb\xb5:\
    YZ\x90\x9bl\xae\x9a%\xe5\xe1:\x86\xb0H4U\xc7#\x9a\x13J\xa5o\xac\xe0mG\x15\xfb\xbaw\xfa\xd39y\
    \x87x\xe094Vb\xbd$\x8f\xe2\x94N\xcc0\xebIf\xd8L\xfb\xbcD1\x0a\xf1\x86\xfc\x95lgm\x03\x85\x9e'\
    \xea^}.#\xc92\xf4\xc2'C\x9fN\x1f\xa1U\xbb\x80E(\x16\xa6\xd0U\x84\xae\xe28\xc7\x09\xa3\xa4\xb3\
    \xec\xd4)\xc9\x15^B\x1ag\x9e\xcd\xf9(S\x8dl\xdb\xb4\x8c\xfb\"\x9948J\xa3\xfb\x94\x9e\xa3\x14eM\
    \xb8\xd7:\x92K\x92c\xcf\xfa_J\xbe\x9e\x8cv+/\x1b`\xa8\xcdq\x11f\xfc\x9c\xa8`\xc8%^\xb5\xd7\x07y\
    m@\x81\xbc`\xf8\x98N\xa2\x16\xd20\xbeyj)\xcd\x07F\x92G.L\xf6|\x8e\x0b\xf1\xea\x02>\xce\x82\x84\
    \xbd\x08:\x20\xf9\xd6j\x15Vh4\xe31\x93\x8d\x86\xb8\xb1\xe6H\x8d<\xebh\xfe\xc9\x9c\xf8\xc3\\\x8f\
    ?\xcd\xe8,\x1f\xf6\x1dr\x0f\xb6h\xf4\x17\xce\xc4Wu";

pub(super) struct Relay(Mix2Client);

impl Mix2 for Relay {
    async fn echo_0(&self, value: Mix2Record1, r#struct: Vec<Option<Vec<Vec<Mix2Record1>>>>) -> Vec<Option<Vec<Vec<Mix2Record1>>>> {
        self.0.echo_0(value, r#struct).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_1(&self, a: Option<Vec<Value>>, b_c: Bytes, r#struct: Option<f64>) -> Bytes {
        self.0.echo_1(a, b_c, r#struct).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_2(&self, r#struct: Vec<Option<Vec<Vec<f64>>>>, index: bool, x1: Option<f64>) -> Vec<Option<Vec<Vec<f64>>>> {
        self.0.echo_2(r#struct, index, x1).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_3(&self, x1: Option<i64>, register: f64) -> Option<i64> {
        self.0.echo_3(x1, register).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_4(&self, r#struct: Mix2Record2, r#match: Option<Mix2Record0>) -> Option<Mix2Record0> {
        self.0.echo_4(r#struct, r#match).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(super) fn provide(container: &lucarne::Container, own: &str, next: &str) {
    let next = next.to_owned();
    let open = Mix2Client::open(container).within(super::PATIENCE);
    let next = open.only(move |candidate| candidate.tags.contains(&next)).wait().expect("it comes");
    let provider = container.provider("relay-mix2", "1.0").tags([own.to_owned()]);
    provider.handle(Mix2Handler::new(Relay(next))).install().wait().expect("the name is free");
}
}

mod mix3 {
// Made from mix3.toit by `lucarne interface generate --rust`. Do not edit: change
// mix3.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-000000000003",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Mix3 {
    #[index(0)]
    async fn echo_0(
        &self,
        r#match: Option<String>,
        register: Option<BTreeMap<String, BTreeMap<String, f64>>>,
        index: bool,
    ) -> bool;

    #[index(1)]
    async fn echo_1(&self, x1: Vec<Vec<String>>) -> Vec<Vec<String>>;

    #[index(2)]
    async fn echo_2(&self, a: Option<Mix3Record1>, r#type: Mix3Record0) -> Option<Mix3Record1>;

    #[index(3)]
    async fn echo_3(
        &self,
        value: Option<BTreeMap<String, bool>>,
        r#type: Vec<Value>,
    ) -> Option<BTreeMap<String, bool>>;

    #[index(4)]
    async fn echo_4(
        &self,
        b_c: Mix3Record1,
        value: Option<BTreeMap<String, Bytes>>,
        r#struct: i64,
    ) -> Option<BTreeMap<String, Bytes>>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix3Record0 {
    pub r#struct: Option<BTreeMap<i64, Vec<Value>>>,
    pub r#type: Vec<Option<Vec<Value>>>,
    #[serde(default)]
    pub b_c: Value,
    pub next: Option<Box<Mix3Record2>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix3Record1 {
    pub index: Vec<Option<Vec<Option<String>>>>,
    #[serde(rename = "self")]
    #[serde(default)]
    pub self_: Value,
    pub next: Option<Box<Mix3Record0>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix3Record2 {
    pub b_c: BTreeMap<String, Vec<Option<bool>>>,
    pub default: Vec<Value>,
    pub r#struct: Vec<Mix3Record1>,
    pub index: Box<Mix3Record0>,
    pub next: Option<Box<Mix3Record1>>,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8d\x93\xc1r\x820\x10\x86\xef>E\x1e\xa0!\x04<1\x0e\xb4=\xd7K\xdf\x20bPf(8!:\xf0\xf6\xdd\
    \xdd\x00&\xe2\xd8\xe6\xa0\x81\xfc\xbb\xfb\xfd\xbbA\x08\xc1\xde{mnu\xa9\x99\x9c\x16O`\xf1\x14\
    \x16\xdf\xc2\xe2\xf1}\xa5LF\xc9\xa6n\xad6\x95\x82\x90}=\xa4\xd9\x861\x81y\xea\xf6\xa8\x07\x16\
    \xcf\x8fv\xbchf\xf4\xa9\xeeA\xcd\xf6\xea\xb2\xeb\xad\xa9\xdb\xd3[\xb0\xaf\x9aN\xd9</\x20J\x97\
    \xe7\x8e\xc7\x8c\xf3\x1fe\xcb\xb3p\x8abI!\x20\xac\x80S*#\x0e]\xd70\x9e3\xfc\x0f\x01d\x000H\xf6\
    \x05\xe1;\xfaq)\xf3<P@\x92\xa7\x0a\xc2\x91Pp\x90\x02\xcffaX-\x99\x95\x09S\x02\xdb\xf1\xad\xcb\
    \xce\x1c%\x92bz\xef]\x8c\x19|I\x98)\x0d\xa8n\xaa\xb9\xea\xa0S\xe84/\x1e\xd1\x9f*\x08(\x05\x02\
    \xca27\x8epf'\xf8.\xac\xbf\xfd\xa3\xfe\xe7h\xf5\x871j|\x0d\x11\xca\x88d\x0b\xc5\x0f\xbc\xf4\xdb\
    \x13\xb2A\xec\xb5\xb4\x02\xee\xd5\x82F\xf9\x0d\x897e\xa3\xfa\xde\xeb\\\x9c\x05\x00X\x1dB\xdfh:T\
    u\xca\xe7{$\xe52\xe7\x02\x07\xbc\xf4\x03\xf6\x88\xa7\xda\x11v\xad\x1e\xacG\x9a`\x86\xb2k]\xca\
    \xce\xb0\xc8\xed\xc0@\xe4\xec\xf3\x08\x82Y\x84q\xd9Kl\x99=\x87\x99ZW\xe4D\xe5\xae\xf7\x84\xd5\
    \xeb\xa6\x9am<\x80\xc5+07F\xe0\xc1\xa8\xff\x00%\xeb>\xceS$.\xbcO\x05}\x0b4=uY\xf3\xc3K<?\xeaJ]\
    \x1b+\xfc\xef\xc3\x13\xdd[\x90\xdf\xa73i\x9d_\xcf\xd7\xda\xaa|\xb4:\xf7|*K\x9e\xddT\xa6&L\xe6\
    \x7f\x014\xc5|\xda";

pub(super) struct Relay(Mix3Client);

impl Mix3 for Relay {
    async fn echo_0(&self, r#match: Option<String>, register: Option<BTreeMap<String, BTreeMap<String, f64>>>, index: bool) -> bool {
        self.0.echo_0(r#match, register, index).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_1(&self, x1: Vec<Vec<String>>) -> Vec<Vec<String>> {
        self.0.echo_1(x1).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_2(&self, a: Option<Mix3Record1>, r#type: Mix3Record0) -> Option<Mix3Record1> {
        self.0.echo_2(a, r#type).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_3(&self, value: Option<BTreeMap<String, bool>>, r#type: Vec<Value>) -> Option<BTreeMap<String, bool>> {
        self.0.echo_3(value, r#type).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_4(&self, b_c: Mix3Record1, value: Option<BTreeMap<String, Bytes>>, r#struct: i64) -> Option<BTreeMap<String, Bytes>> {
        self.0.echo_4(b_c, value, r#struct).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(super) fn provide(container: &lucarne::Container, own: &str, next: &str) {
    let next = next.to_owned();
    let open = Mix3Client::open(container).within(super::PATIENCE);
    let next = open.only(move |candidate| candidate.tags.contains(&next)).wait().expect("it comes");
    let provider = container.provider("relay-mix3", "1.0").tags([own.to_owned()]);
    provider.handle(Mix3Handler::new(Relay(next))).install().wait().expect("the name is free");
}
}

mod mix4 {
// Made from mix4.toit by `lucarne interface generate --rust`. Do not edit: change
// mix4.toit instead, and make this file again.

use lucarne::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-000000000004",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Mix4 {
    #[index(0)]
    async fn echo_0(&self, r#match: Option<Mix4Record1>, r#struct: Value) -> Option<Mix4Record1>;

    #[index(1)]
    async fn echo_1(&self, x1: Value, b_c: Vec<Value>) -> Value;

    #[index(2)]
    async fn echo_2(
        &self,
        long_name: Option<Vec<Value>>,
        r#type: BTreeMap<String, Option<Mix4Record0>>,
    ) -> BTreeMap<String, Option<Mix4Record0>>;

    #[index(3)]
    async fn echo_3(
        &self,
        r#match: Option<Mix4Record2>,
        r#struct: BTreeMap<String, String>,
    ) -> BTreeMap<String, String>;

    #[index(4)]
    async fn echo_4(
        &self,
        default: Option<Mix4Record1>,
        b_c: Mix4Record0,
        r#match: Vec<Value>,
    ) -> Vec<Value>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix4Record0 {
    pub index: Option<Vec<Value>>,
    pub register: i64,
    pub r#match: Option<Vec<Option<Vec<Value>>>>,
    pub b_c: String,
    pub next: Option<Box<Mix4Record1>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix4Record1 {
    #[serde(rename = "self")]
    pub self_: Box<Mix4Record0>,
    pub next: Option<Box<Mix4Record2>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix4Record2 {
    pub r#struct: Option<Vec<Value>>,
    #[serde(rename = "self")]
    pub self_: BTreeMap<String, Vec<Vec<Value>>>,
    pub long_name: String,
    pub b_c: Option<Box<Mix4Record1>>,
    pub next: Option<Box<Mix4Record1>>,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8dRKr\x830\x0c\xdds\x0a\x1d\xa0\xc6\xe0\xb0\xcad\xa0\x07h6\xbd\x81\xeb8\x093\xc4d\x8c\
    \xd3!\xb7\xafd\xf3\xb1\x9b6\xad\x16\x80\x8c\xf4\xde\xd3\x939\xe7\xf0:h\xfb\xd9*\x0d\xe5\x14L`\
    \xb0\x0d\x06\xab0X\xb1F\x05e.\xb2\xd68m\x8f\x12[\xf6\xedXm3\x00N8\xad9\xe8\x11\x0aL\xb5:\xf7\
    \xac\x80\x8bt\xea\xcc\xa9\xe6]\xab\xde\x1e\xca\x06\x18\x1b\x9c\xbd)\xc7\xa5\xb9\x03\xab!\xfe\
    \x99\xe2\x943N\x09c\x19\xca\xd9\x07S\xfc\xad\x1d\x1cu\xe2I\xda\x20\xe6\xd4\xdd\xaf\x1a\xfcc/\
    \xaf;\xe4k\xcd\xe9%b*\x9a:)%\x19O\x0a\xbd\x08\x81\xec]oN\xcc\xc8\x8b\xf6\x1a\x1aO\xc1\xb1s\x02H\
    \xd5l\x12\x8a0tB\x13\xdeO\x95\xac%^\xc3\xe6\xc1P\xd1L\xc8\xbf\xca\xa8\xe6\xe6\x0a\x0e\xfa(o\x9d\
    \xfb\xbe\x0f\xf24\x1ay\xe2\x98]\xa6w\xe6\xf1\xac\xff\x9f\xa9N\x0eC\xec\x11\xad\xdfs\x05W0\xb3\
    \xfa\x84_\xdar\xbc'\xc9xT\xb0\xf3U5\xd5\xadL\x94\x91\x8e00&F\x8f\xa9P<S\xbd\x09\xc3\xf6\x16e\
    \xe7a>\xfc\x98\xe9\x20\xf7\x80\x90#\x12\xe4\x84\xb0}\xaa\xbc$\xe5\x83\xee\x8e\xf1\xf8\x8f\xdc\
    \xe2\x07n\xea\xfa\x0f\x85\xf0\x14aC\xf3\x9c\xab\x1d\xf1\xaa\x17k\xeazQ\xe5w\xb9^\xba\xc5\x9ctc\
    \xde\x9b\xbf\xfc\xca\xa7\x0b\xb8h_`\xe9(2\xec\x0bc7?\x93";

pub(super) struct Relay(Mix4Client);

impl Mix4 for Relay {
    async fn echo_0(&self, r#match: Option<Mix4Record1>, r#struct: Value) -> Option<Mix4Record1> {
        self.0.echo_0(r#match, r#struct).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_1(&self, x1: Value, b_c: Vec<Value>) -> Value {
        self.0.echo_1(x1, b_c).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_2(&self, long_name: Option<Vec<Value>>, r#type: BTreeMap<String, Option<Mix4Record0>>) -> BTreeMap<String, Option<Mix4Record0>> {
        self.0.echo_2(long_name, r#type).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_3(&self, r#match: Option<Mix4Record2>, r#struct: BTreeMap<String, String>) -> BTreeMap<String, String> {
        self.0.echo_3(r#match, r#struct).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_4(&self, default: Option<Mix4Record1>, b_c: Mix4Record0, r#match: Vec<Value>) -> Vec<Value> {
        self.0.echo_4(default, b_c, r#match).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(super) fn provide(container: &lucarne::Container, own: &str, next: &str) {
    let next = next.to_owned();
    let open = Mix4Client::open(container).within(super::PATIENCE);
    let next = open.only(move |candidate| candidate.tags.contains(&next)).wait().expect("it comes");
    let provider = container.provider("relay-mix4", "1.0").tags([own.to_owned()]);
    provider.handle(Mix4Handler::new(Relay(next))).install().wait().expect("the name is free");
}
}

mod mix5 {
// Made from mix5.toit by `lucarne interface generate --rust`. Do not edit: change
// mix5.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-000000000005",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Mix5 {
    #[index(0)]
    async fn echo_0(
        &self,
        r#match: BTreeMap<i64, Option<Vec<Option<Mix5Record1>>>>,
        default: Option<BTreeMap<String, String>>,
    ) -> Option<BTreeMap<String, String>>;

    #[index(1)]
    async fn echo_1(
        &self,
        self_: Option<BTreeMap<String, Option<Vec<Option<Bytes>>>>>,
    ) -> Option<BTreeMap<String, Option<Vec<Option<Bytes>>>>>;

    #[index(2)]
    async fn echo_2(
        &self,
        r#struct: Option<bool>,
        r#match: BTreeMap<i64, Vec<Option<Mix5Record1>>>,
    ) -> Option<bool>;

    #[index(3)]
    async fn echo_3(&self, b_c: Vec<Value>, x1: bool, a: Option<Vec<Value>>) -> bool;

    #[index(4)]
    async fn echo_4(
        &self,
        x1: Option<String>,
        default: BTreeMap<i64, Option<Mix5Record1>>,
    ) -> Option<String>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix5Record0 {
    pub a: BTreeMap<i64, Option<f64>>,
    pub r#type: Option<i64>,
    pub long_name: bool,
    pub next: Option<Box<Mix5Record0>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix5Record1 {
    pub r#match: Option<BTreeMap<i64, Option<BTreeMap<i64, i64>>>>,
    pub x1: Option<BTreeMap<String, BTreeMap<i64, Bytes>>>,
    pub long_name: Option<Bytes>,
    pub next: Option<Box<Mix5Record1>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix5Record2 {
    pub long_name: Option<f64>,
    pub next: Option<Box<Mix5Record2>>,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x95RK\x92\x820\x10\xdds\x8a>\x80!\x04uCYdf\xd6\xe3fn\x10cP\xaa\x90X!N\xe1\xed\xa7\x13~fP\
    \xaa\xec\x05\xe4\xd3\xef\xd3\x9d\xa6\x94\xc2G\xa3\xcco)\x15\xb0>H\x8aA\xd6\x18d\x83A\x92)\xb6\
    \xc0\xe24*k\xabL!\x10\xb2/\xdbm\x16\x01P\xc7S\xd6G\xd5B2l\xed\xfd\xaa\xe0\"\xac<\xc3^\\w\x08Z\
    \xc1w\xd9\xd8\x9d\x03\xfd(\xa9\xcd\x91\xf1\x9c\xe7A\xfeQ\x15\xe2VY\x8fh\xac)\xeb\xd3\x0a\xba\
    \x7f\xce\x83D\x92\xbf\xcaQ\xf2\xacI\xd2)S\xcc\x01BzV\xb7\xe3=\x92\x87\xaeY@\xde\xa8\xaa\x08\xe8\
    \xbd\xef\xaf\xbbU\x9f\xc6\x88\xbbs\xbd\xe8\xe6y\xba7\xc6\xd0\x8e\xa3_\xf0\x92\xbe\xd7\xc1|\xa0N\
    \x1d\xb557i\xe9A\xeb\x0a\xd9\xc9C\x13r\xf0\x87\xa1\xd4z\xc0\xae1\xf9@$u\xf4\xb8l\x99\xa7\x00\
    \xe1\x0f\xf8\x80\x0e\xc1\x9b\x97/\xe7\x9d\x06&\x07\x9dMG\xde5\x8a\x87O\xe3T\xfa\x8b\xc8\xf3\x1a\
    \x8f\x8ed%\x9a\xe6\x81.\xc9\x02\xe1Q\xb0\xa8\xb4\xb0^J8:\xfc\xbb{\x8aw\xae\xeaJ\xd7'R\x8b\x8b\
    \xa2}%\xb5jQvbuIR\xd7]\x07\xb5Ao\xb1\x80\xd8K\xc4#\x18b\x07\xcb\x16\xfd\xb1\x17\xfe\xc6\x05~\
    \xfa\x91\x18\xdf\x87\xcf\x20\xc3,\x8d\xa8q\x9er\x0f\xc5.\xf6\xb8\xa9\xb2i\xe4\xe6\xf5\xb1\xff\
    \xf5\xc5\xddda\x99\xad\x1b\xca\xf7jL\xb3@\xb8k\xfd\\4}\xd2\xd4\x99\xce\x1fw\xb7_\xde";

pub(super) struct Relay(Mix5Client);

impl Mix5 for Relay {
    async fn echo_0(&self, r#match: BTreeMap<i64, Option<Vec<Option<Mix5Record1>>>>, default: Option<BTreeMap<String, String>>) -> Option<BTreeMap<String, String>> {
        self.0.echo_0(r#match, default).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_1(&self, self_: Option<BTreeMap<String, Option<Vec<Option<Bytes>>>>>) -> Option<BTreeMap<String, Option<Vec<Option<Bytes>>>>> {
        self.0.echo_1(self_).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_2(&self, r#struct: Option<bool>, r#match: BTreeMap<i64, Vec<Option<Mix5Record1>>>) -> Option<bool> {
        self.0.echo_2(r#struct, r#match).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_3(&self, b_c: Vec<Value>, x1: bool, a: Option<Vec<Value>>) -> bool {
        self.0.echo_3(b_c, x1, a).await.unwrap_or_else(|error| panic!("{error}"))
    }
    async fn echo_4(&self, x1: Option<String>, default: BTreeMap<i64, Option<Mix5Record1>>) -> Option<String> {
        self.0.echo_4(x1, default).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(super) fn provide(container: &lucarne::Container, own: &str, next: &str) {
    let next = next.to_owned();
    let open = Mix5Client::open(container).within(super::PATIENCE);
    let next = open.only(move |candidate| candidate.tags.contains(&next)).wait().expect("it comes");
    let provider = container.provider("relay-mix5", "1.0").tags([own.to_owned()]);
    provider.handle(Mix5Handler::new(Relay(next))).install().wait().expect("the name is free");
}
}
