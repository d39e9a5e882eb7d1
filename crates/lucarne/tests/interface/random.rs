//! The Rust of random definitions: see `crates/interface/tests/random.rs`.

mod example0 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example0 {
    type Resource0: Resource0;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;
}

#[lucarne::resource]
pub trait Resource0 {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    pub a: Bytes,
    pub value: Option<Vec<Value>>,
    pub element: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record1 {
    #[serde(default)]
    pub b_c: Value,
    pub handle: String,
    pub object: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record2 {
    pub index: Vec<Record1>,
    pub definition: Option<Vec<Record2>>,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdauQ\xcbn\x840\x0c\xbc\xf3\x15\xfe\x81\x10\xa0\xed\x05U\xf4!\xf5\xd6^\xfa\x07!x\xdbT\xd9\x04\
    %a\xb5\xfc}mH)\x87e\x0e\x90Qf<\xb6#\xa5\x84\xe7\x88\xe1b4B\x9d!\x1a\x82\xb8#\x88{\x82x\xd8\x01\
    \xea\xb2)\x8cK\x18N\x8a,oWu\x1e-Vm\x01\x20\xb9\x96q\x03^\xa1\"\xeaGt\xa2\x02\xd1\xc1'F?\x05\x8d\
    U\xb1HB\xa6\xbb2\x9b\xa2\xfd\x93h\x1f\x86B[\x15#]2Y\"\x94|\x9d\x13\xbe\x84\xa0fb\x17e'\x94\xef&\
    \xa6'bh\xf1\x8c.\xc9\xde{\xcb\\{\x17S\x98t\xf2\x01\x84(\x15\x7f\x16\x07\x94Yz\x1cVsX/\xb4\xfcP#\
    \xd7\xfaVn\xb0(\xa9\x9eq_<[\xff\x83:e~#\x8c\xac\xfc[m|Z\x0d\xc7\x81\xcd\xb6\xc04\x8f\x08<\xd3cn\
    \xa5\xa3\x9be\xab\xcb\xa4G\xb2\xa6\xe36\x06<\x19g\x92\xf1n[\xcb\xbe\xb3r}\x1d\xea\xe7_\xd8\x16\
    \xbf\x11H\x9e\xf4";
}

mod example1 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::Value;
use serde::{Deserialize, Serialize};

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example1 {
    /// Says what it does.
    #[index(0)]
    async fn definition(&self) -> Result<Option<Vec<Value>>, Example1Error>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    pub monitor: Option<Vec<Option<String>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record1 {
    pub object: f64,
}

/// The errors of [`Example1`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example1Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `definition`, for `within`.
pub const DEFINITION_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(55);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdau\x8f\xc1N\xc30\x0c\x86\xef}\x0ak\xe2\x9af\x1d\xf4R\xa1\x15$\x86\x84\xb4\x13<AH\\f\xd4\xc6\
    S\xe2\xb1\xed\xed1m\x99\x10\xd2\xfe\x9b\xfd\xfd\xf9\x14[k\xe1!c\xfa\"\x8fP\xcd1+\x8d\xb9\xd5\
    \x98;\x8d\xa9\xff\x04\xaarUP\x14L\x9d\xd3'\x9b\x93\x1b\xf6=VM\x01`\x7f\\\x14\x03\x9e`\xf9;\x0a\
    \x0d\xc8\x07\x81\xba\x1e\xf2e\xb7K|\xcc\xf0\xfc\xf8\xb2\xdd<\xc1\x82\x04n:G=\x86\xc5\xd4\x98{o\
    \xee\x9c\xe1\xb8s\x02\xda\x08\x8c\xb9T\x10\xb0\xa3HB\x1c\xc1\xacaKY\xdab\x94&\xf4\x9cB\xe1{\x97\
    3\xbc\x8e\xc3\xf2\xf2)9\xefq,\xdfgI\x14?\xdau\xabh`5q\xb2\x93\x05\xc0sT|\xf0\xba\x03c\xca\x197W\
    \xfd\xe3\xd1\xfc\xfe\x89^l\xd7\xb3\x93\x7f\x8erbM\xf1\x0d\x1c\xbdi\x9b";
}

mod example2 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example2 {
    /// Says what it does.
    #[index(0)]
    async fn opened(
        &self,
        arguments: Vec<String>,
        object: Vec<bool>,
        notification: Option<Bytes>,
        name_of_it: bool,
    ) -> Vec<Option<Vec<Value>>>;

    /// Says what it does.
    #[index(1)]
    async fn notification(
        &self,
        definition: BTreeMap<i64, Vec<Option<String>>>,
        r#type: Vec<Value>,
        r#match: bool,
    ) -> Result<i64, Example2Error>;
}

/// The errors of [`Example2`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example2Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8dPAN\xc3@\x0c\xbc\xe7\x15V\xc5\x91\xed\x92\x00\x17T%\x14Q$\xa4r\xe2\x05n\xe24F\xc9n\xb4\
    kh\xf3{v\x95\xb4$7\xe6`\xc9\x1a\xdb3c\xad5<{r?\\\x12\xa4\x13T\x16\xa0\xee\x03\xd4C\x80z\x9c\x01\
    \xd2u\x96\xb0\x11r5\x86\x95\xdd\x19\xbb\xbe\xa5\xec)\x01\xd0\xf1\x16\x9b\x8a\xcepwie\xe8\x09\
    \xd0\x1d\xbf;2\xe2a\xcf^6^\x1c\x9bc\xbe\x18\xb1\x87/*e\xe4\x0f\xd6\xb6KV\xe5#\x13K1Q\xd3\xc0'\
    \x0e\x1eN\x0d\x0a\xb0@e\xc9\xaf\x03a{2T\xfd\xe9\xea\xb8\x08J\x8d*cg\xacp\xcd%\x0a[\xa3_\x06\xa1\
    \xads8\x14`\xb0#ek\xc5\xa2\xa3\x91\x8b\xf62_z\xb5\xd78{\xf2\xf0\xb6}\xdf\xef^a\x15<\xdc\xd4\xc8\
    -U\xabE\x80\x8aj6\x1c\xa5\xe0\x03\xfbM\xf8\xdf\xed\xfc\x17E\xfe\x8fPs\xc3\xb3\x83:\x1c\x0c\xd1\
    \xa2\xcc\x18\xacC)\x9b\xab\xf7\x20\x95\xfc\x02\xfa\x8e\x93\xaa";
}

mod example3 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example3 {
    type Resource0: Resource0<Resource0 = Self::Resource0>;
    type Resource1: Resource1<Resource0 = Self::Resource0>;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;

    #[index(1)]
    async fn open_1(&self) -> Resource<Self::Resource1>;

    /// Says what it does.
    #[index(2)]
    async fn client_id(
        &self,
        name_of_it: Value,
        task: bool,
        index: Option<Record1>,
    ) -> Result<Option<Record1>, Example3Error>;

    /// Says what it does.
    #[index(3)]
    async fn found(
        &self,
        self_: Option<f64>,
        definition: Bytes,
        index: Bytes,
    ) -> BTreeMap<i64, Vec<Option<Record0>>>;
}

#[lucarne::resource]
pub trait Resource0 {
    type Resource0: Resource0;

    /// Says what it does.
    #[index(4)]
    #[since(2)]
    async fn r#type(
        &self,
        object: Vec<Option<f64>>,
    ) -> Result<Option<Resource<Self::Resource0>>, Example3Error>;

    /// Says what it does.
    #[index(5)]
    #[since(1)]
    async fn arguments(
        &self,
        a: Value,
        client_id: Vec<Record1>,
        notification: Vec<Value>,
        name_of_it: Vec<Value>,
    ) -> Value;

    /// Says what it does.
    #[index(6)]
    #[since(1)]
    async fn task(&self);

    /// Says what it does.
    #[index(7)]
    #[since(1)]
    async fn x1(
        &self,
        r#match: Vec<Value>,
        value: Record0,
        client_id: Record0,
    ) -> Result<(), Example3Error>;
}

#[lucarne::resource(notifies = bool)]
pub trait Resource1 {
    type Resource0: Resource0;

    /// Says what it does.
    #[index(8)]
    async fn self_(
        &self,
        handle: Record1,
        self_: Vec<Option<Record1>>,
    ) -> Result<(), Example3Error>;

    /// Says what it does.
    #[index(9)]
    #[since(1)]
    async fn arguments(&self) -> Result<Option<Resource<Self::Resource0>>, Example3Error>;

    /// Says what it does.
    #[index(10)]
    #[since(2)]
    async fn client_id(
        &self,
        found: Option<i64>,
        a: i64,
        task: Option<Bytes>,
    ) -> Result<(), Example3Error>;

    /// Says what it does.
    #[index(11)]
    #[since(2)]
    async fn object(
        &self,
        element: Option<i64>,
        a: Option<bool>,
        definition: Option<Vec<Record2>>,
        handle: Option<String>,
    ) -> Result<Value, Example3Error>;

    /// Says what it does.
    #[index(12)]
    #[since(2)]
    async fn found(
        &self,
        found: Value,
        b_c: BTreeMap<String, Vec<Option<i64>>>,
        handle: Bytes,
    ) -> Result<Option<Resource<Self::Resource0>>, Example3Error>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    pub r#type: BTreeMap<i64, Vec<bool>>,
    pub task: BTreeMap<String, Vec<Record2>>,
    pub definition: Vec<Record1>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record1 {
    pub r#type: Option<Bytes>,
    pub handle: Option<Box<Record2>>,
    pub opened: BTreeMap<i64, Vec<Option<Vec<Value>>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record2 {
    pub a: Option<Box<Record1>>,
    pub arguments: Option<Box<Record1>>,
    pub handle: Option<Record0>,
}

/// The errors of [`Example3`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example3Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `client_id`, for `within`.
pub const CLIENT_ID_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(19);

/// The time limit of `Resource0::r#type`, for `within`.
pub const RESOURCE0_TYPE_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(32);

/// The time limit of `Resource0::task`, for `within`.
pub const RESOURCE0_TASK_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(48);

/// The time limit of `Resource0::x1`, for `within`.
pub const RESOURCE0_X1_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(56);

/// The time limit of `Resource1::client_id`, for `within`.
pub const RESOURCE1_CLIENT_ID_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(18);

/// The time limit of `Resource1::object`, for `within`.
pub const RESOURCE1_OBJECT_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(40);

/// The time limit of `Resource1::found`, for `within`.
pub const RESOURCE1_FOUND_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(75);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\xadV\xddn\xdb\x20\x14\xbe\xcfS\xa0j\x97#\x18'\xe9\x9f\xaax\x9d\xd6I\x93\xb2\x9b\xee\x09\
    \x88\x8d\x1bV\x0c\x91!i\xf2\xf6\x03\x8cmH\x96:Q\xcbMb|8|\xdfw\xfe\x8c\x10\x02\xdf\x14\xad\xb7,\
    \xa7\x00\xfb\x05S\xb3\xe0\xc4,85\x0b\xce\x82\x05\xf08\x1d1\xa1i]\x12s\xe4iG\xaa5\xa7\x93\xfb\
    \x11\x00\xc8\xfab\xa2\xa0;\x90\x98G\xb9\xa6\x02&\x00\xce\xc13UrS\xe74\x89\x8dpk\x84C#\x1c\x1b\
    \xa5\xed\xa3f\x15\x95\x1b\x0d\xf0]\xa5\xba\xbdU-\xdf\x14\xf8\xf9\xf8k\xf1\xf4\x03\\1\x0d\xbe\
    \x94\x84qZ\\5\x16\xde\xee\x0f\xd9+\xf0\xb6\"\x1a\x18\x8bBR56/r\xce\xa8\xd0\x90\x15\x00BA*\x0ae\
    \x09\x99FD\xec\x81&\xea\x15-\xa5\xe4\xc0a@\xcf4\x97u\x81\xb3\x06f\xf3?F9\xe9\x10\xed\xd7\xd4\
    \x9a\xfd&\xeb\x07\xa3\xd2W\xb0`J?4\x87\x92l>\x1f\xc6U\xca\x8d\xb0\x98\x14\xe5%*\xb9$\xda\xdc\
    \x0b\x0bZ2\xc14\x93\x02}\xdfk\xfaX\xd7do\xb6\x1b|\xc1\x8e\xbby\xe4\xa0\xd4^\xd0\x20Z]\x20\x0e\
    \xc25m\x1f\x15\x13\xc6\xecH\xf3Iz\xbe\xe6^\x03\xb9\xfcKs\xdd\xd0oX\x9c\xc1=8\x89\xec\xc9(y\x0e$\
    \x9f\xc5\x98qt{\x1f\xdc@\x7f|\x06\x02R\xbfl*sT\x19q\x092ZZ\xf1;o\x1e\x14\x14R\xb3\x92\xe5\xc4\
    \xc5\xa3\xdd\xebs\xa8\x85nr)\xc6|}\x0a\xb3\xd7yz\xdb\xea\xfc\xaeJ&=\xad{!\x05\x8d\xfd\xdf\x0c\
    \xf8\x9f]\x7fN\xed\xecL\xc5\xc2\x8a\xe8|\xd5\xb2\xdf\x12\xbe\xa1\xbeP\x92^\xfen\xe7\x00n\xce\
    \xa5\xb2\x0f\x9c\x92-\xed^\x0e\xa5->H\xdb\xdb\x0bs\xd2\x96T\x94\x10\xe7\xe4\xa4;\x04\xe1\x8a\
    \x88\x82\xb7\x0c\xb1\xdb\xed\xe2|\x1c\x88\xbbS\x81\xf8\x80\xe8Aj\x9e\xae\x0a\x9c\x0c\x942\xbe\
    \xfd\xfc\xf6\xe9Z\x162\xf1\xca\x00\xb1?M\x03\xed\xbaR\xf6\x7f\x8d0\x1e\x80:M.\xee:}\x9b\x0c\xe3\
    \x9c\xce\xb3aB\xbeaQN\xad\xc8-\x1b;\x05\xb2\xc0\xad\x8by\x06|6(]3\xf1\x92\xb5m7\xa6\x97\x0e\xd0\
    \xbb\x99]Lo\x09s7Y\x9a{\xfdp\xb1H/\x19,M\xb4\xec\x9c3\xeel\x8bk\xd9Dc\xe48\xc1\xc2\xa6\x07\xb6\
    \x89\x93\xc6\xea&\xa0\xa0\x06{N8_\x92\xfc\x15-H\xb5,\xc8E\x15o\x834\xca9Q\xca\xcf\xd7~@9\xde\
    \xf14\xb5\x17;\xc2\xf6\x1d\x0a\x84\xefl#}\xda\x1c\x98\xfb\xd6yt\xe2pD\x1cD\xdb&\xbb\x14\xc6\xe5\
    &\xd7\xb26\x02\x8e\x9b!o~]#\x86\xe3\xfe\xc0\xfdIF\xaew9\xc0}]\x98\x9d\xa8\xad\xa4\xd9;\xac]\xe2\
    9\x12\xf6\x9b\x89\x16\x9e\xc6\x09h\x8d_0nlO\xc3J-,\x82\x82\xaf\x9a\xae\xcd\x84\x9b\x11L\x97\x12\
    \xe1\xbdcb\xaf\xec\xfb\x93\xbf\xfd~\xf4\x0f\xfb\xe8\x11\xd7";
}

mod example4 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::Value;
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example4 {
    /// Says what it does.
    #[index(0)]
    async fn found(
        &self,
        definition: Option<bool>,
        element: Option<Vec<Option<Vec<Value>>>>,
        notification: BTreeMap<String, Vec<i64>>,
        value: Vec<Value>,
    ) -> Result<Option<Vec<Value>>, Example4Error>;
}

/// The errors of [`Example4`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example4Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `found`, for `within`.
pub const FOUND_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(73);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdaU\x8e\xcbj\xc30\x10E\xf7\xfe\x8aK\xe8\xb2\x8a\x9aG)\x94`\xb7\xd0\x14\x0a\xe9\xaa_\xa0F\xa3\
    d@\x96\x8c5\xce\xe3\xef#;\x0f\x92\xb3\x10ht\xef\x1ci\xad\xf1\x91\xa8\xdd\xf1\x9a0\xb9\xa0\xa6\
    \x195\xcb\xa8yF\xbd\xde\x81\xc9xZp\x10j\x9d\xc9\x95\xe5\xc1\xd4\x8d\xa7\xf9{\x01\xe8~\x17\x07K\
    \x07\xbc\\\xaf\xc25\xc5N\xf06\xab\xd3m\xb6m\xe3>\xe1\xfb\xf3g\xb5\xfc\xc2\x88\x05O\xce\xb0';\
    \xba%\x8e\x0d\x81<\xd5\x14\x04+N\xb2\xe8\x8f\xaa\xac\x1e\x02!\x0a;^\x1b\xe1\x18\xf0k\x9aE\x92\
    \x96\xc3\xe6\xf9\xdc\xc8\x7f,\xcbs\xfe\xd2\xfa3\xc7\x84\xfd\xd6\x08\xb2\xd2FJ\xe3\xfc\xe0b\x17,\
    ,9\x0e\xdc/\xd2\xff1\xfa\xea*\xd7\x83\x17J\xdd\xbbtv\xe5\xd1\xce\xf8\x8e\x86\x00T98\xab\xe2\x04\
    \x939c\xf9";
}

mod example5 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example5 {
    type Resource0: Resource0<Resource0 = Self::Resource0>;
    type Resource1: Resource1;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;

    #[index(1)]
    async fn open_1(&self) -> Resource<Self::Resource1>;

    /// Says what it does.
    #[index(2)]
    #[since(2)]
    async fn r#type(
        &self,
        notification: Vec<Value>,
        a: Option<String>,
        value: BTreeMap<String, Vec<Option<bool>>>,
        name_of_it: String,
    ) -> Result<Record2, Example5Error>;

    /// Says what it does.
    #[index(3)]
    #[since(0)]
    async fn definition(
        &self,
        index: BTreeMap<i64, Vec<Value>>,
        client_id: Vec<bool>,
    ) -> Result<Option<Record1>, Example5Error>;

    /// Says what it does.
    #[index(4)]
    #[since(0)]
    async fn opened(
        &self,
        a: String,
        definition: BTreeMap<i64, Vec<Option<i64>>>,
    ) -> Vec<Vec<Value>>;
}

#[lucarne::resource(notifies = BTreeMap<i64, Vec<Option<i64>>>)]
pub trait Resource0 {
    type Resource0: Resource0;

    /// Says what it does.
    #[index(5)]
    #[since(0)]
    async fn b_c(&self, r#match: BTreeMap<i64, Vec<bool>>, notification: Option<Record2>);

    /// Says what it does.
    #[index(6)]
    #[since(1)]
    async fn r#match(
        &self,
        object: Option<Record1>,
        notification: Option<Vec<Value>>,
        x1: Option<Vec<Value>>,
    );

    /// Says what it does.
    #[index(7)]
    async fn task(
        &self,
        arguments: Option<i64>,
        index: BTreeMap<String, Vec<Option<Record2>>>,
    ) -> Option<Resource<Self::Resource0>>;

    /// Says what it does.
    #[index(8)]
    #[since(0)]
    async fn definition(&self) -> Option<Bytes>;
}

#[lucarne::resource(notifies = (Option<f64>, Value))]
pub trait Resource1 {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    pub r#type: Bytes,
    pub element: Option<Record2>,
    pub notification: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record1 {
    pub a: Option<bool>,
    pub r#type: String,
    pub arguments: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record2 {
    pub element: Option<Vec<Option<Record1>>>,
    pub notification: Vec<Record2>,
}

/// The errors of [`Example5`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example5Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `Resource0::b_c`, for `within`.
pub const RESOURCE0_B_C_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(32);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x95T\xc1\x8e\xdb\x20\x10\xbd\xe7+\xd0\xaa\xc7\x12bg\xd3V\xd1\xca\xeeV\xddJ\x95\xd2K\xfb\
    \x05\x04O6tm\x88\x0c\xf1&\x7f_\xc0\x86\x80\x1bwS.\xb6\xf1\xf0\xe6\xbd\x997\x10B\xd0g\x05m\xc7\
    \x19\xa0lX87\x0b/\xcd\xc2\xf7f\xe1U\xb4P6\xcfg\\hhw\xd4\x1cy:\xd1\xe6P\xc3j=C\x88X,.*8\xa1\x85\
    \xf9\x94\x07\x10x\x81p\x81~\x82\x92\xc7\x96\xc1\"\x0d\xca|P\x16\x07eiP\xee?\x15\x17&_\xf8\xd4\
    \xfbV\xbe*\xf4\xed\xf1\xfb\xe6\xe9+\xba\xe3\x1a\xbd\xdbQ^Cu\x17\"\xce\x07@\x1d\xad\x8f\x80~\xd0\
    \xc3\x83\xd2-\x17\xcf\xef\xd1\x86+\xfd\xb0\x95\xb2.\x8b\xa2\x0f\x1d\x0e\xfc\xa2g\x85^\xf7T#\x03\
    VIPs\xf3\xc3\x81`,\xa4\xe6;\xce\xa8\xe6R\x10\x8b`\xf6(\xe9!\xcb>\x091I\x90\xa0\x0d`\xb9\xc3\\\
    \x0f?{eL\xb6U\x9e\xeaZ\xa6\xba\x16\xff\xa9\xab\x07\xb1\xbaL/zQE\x12\xc0j\x0eBc^]\x04\xdf\x20\
    \xb7\x82\x1d\x17\xdc\xaa4\x02]\x0e'\x0b\xe3\x007\xa8\xf7\xaa\xb22\x95u?%\xcbr\x8a\xd0\x13\xe6\
    \xf6-tc\x885\x19\xdc\xafH\xd9\xbf\x88[\x1fA\x85|O\xa2T\xbd\x80\x1em\xe6\xf0\xdb\xc1i\x91\x8d\
    \x83CG>^M\xc9\xe1\x0d\xc8\xa3F\xcb\xbcQ\x09\xed\x86j\xb6\x1f\xa9s\xb5\xbfA\xc3\x163Si\x870T=\
    \xb1\xdd`\xa3\xd2\x8a\x11R@\xca\xf4C\xca4KX\x9d\xb2\x9e\x89A-\x8b\xf2m&\xbd\x0a\x8c\xe5\xf670M|\
    \xab\xaf\x0dBi\xc0\x87\x97\xab\xbc>N\xd86\x19G/\xed\xa6\x89\xa4\xea\x05\xd1\xf6\xf9\xd8\x18C*b\
    \xad\x83\"\xa7F\xb7\xcd\xc8\x9a\x9f\xae\xf6\xf2\xd6i(\xd0\x97\xb3\x86\xc7\xb6\xa5\xe7\x80+\xe0\
    \xa4/\x83\xecm;a\xed\x16\x18\xf0\xceG\xf8C\xac\x96\xcaV\xcc=C\x05\xdf\xb2i\x16l\x1a\xf7\x03u\
    \x0b\xb2\xab%5\x05\xe92[\x0dKT\x0a,\xc0\\(\x8c\xd6\xf5\x96\xb2\x17\xb2\xa1\xcd\xb6\xa2\xe3fy\
    \x1e5\xd0\xee/\x1e\xb693VS\xa5\x86\xa9wcb\xf5\x92P\x14\xb3\x015\xd8\x9e\x04\xa3\x9a\xad\xc4.\
    \x8e\x9b\xd5*\x85\xe9\xfe\x91i\xd9\xa2\xf9p\xc1\xce\x87\xc3\xf65>\xb4\x9e\xe4\xe0j@\x89\xbb\xc9\
    =\x9b\xdeTv?\xf8\xc3\x8d\xfd('\xbd\xa4\x0d\x81\xd3\x89\xf2u\xd2\xe1\xc8\xb0Y?L^\xb7\x9b\x82\xa9\
    \xd8\xbc\x18\x97\xe3\x0a\xb3\xa8\x0e\xa3*\xfc\x01\xa0RNM";
}

mod example6 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example6 {
    type Resource0: Resource0<Resource0 = Self::Resource0>;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;

    /// Says what it does.
    #[index(1)]
    #[since(0)]
    async fn a(
        &self,
        x1: Option<f64>,
        client_id: Option<Vec<Option<Bytes>>>,
        opened: BTreeMap<String, Vec<Bytes>>,
        handle: BTreeMap<i64, Vec<Value>>,
    ) -> Value;

    /// Says what it does.
    #[index(2)]
    #[since(0)]
    async fn found(
        &self,
        self_: BTreeMap<String, Vec<Option<i64>>>,
        handle: BTreeMap<i64, Vec<Option<Bytes>>>,
    ) -> Result<(), Example6Error>;

    /// Says what it does.
    #[index(3)]
    async fn definition(
        &self,
        found: Option<Vec<Value>>,
        x1: Option<String>,
        client_id: Option<Vec<Option<Bytes>>>,
        notification: BTreeMap<i64, Vec<Option<f64>>>,
    ) -> Option<Resource<Self::Resource0>>;
}

#[lucarne::resource(notifies = ())]
pub trait Resource0 {
    type Resource0: Resource0;

    /// Says what it does.
    #[index(4)]
    async fn a(
        &self,
        r#match: Value,
        handle: Vec<Value>,
        opened: String,
        monitor: Option<String>,
    ) -> Result<i64, Example6Error>;

    /// Says what it does.
    #[index(5)]
    #[since(0)]
    async fn r#type(&self, r#match: String) -> Result<(), Example6Error>;

    /// Says what it does.
    #[index(6)]
    #[since(1)]
    async fn arguments(
        &self,
        definition: BTreeMap<i64, Vec<Value>>,
        r#match: BTreeMap<i64, Vec<i64>>,
        object: Option<Bytes>,
    ) -> Vec<Value>;

    /// Says what it does.
    #[index(7)]
    #[since(2)]
    async fn task(&self, r#type: Value, b_c: Option<String>, r#match: Value) -> Option<String>;

    /// Says what it does.
    #[index(8)]
    #[since(0)]
    async fn opened(
        &self,
        object: Value,
        self_: BTreeMap<i64, Vec<bool>>,
    ) -> Result<Option<Resource<Self::Resource0>>, Example6Error>;
}

/// The errors of [`Example6`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example6Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `a`, for `within`.
pub const A_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(22);

/// The time limit of `definition`, for `within`.
pub const DEFINITION_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(37);

/// The time limit of `Resource0::a`, for `within`.
pub const RESOURCE0_A_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(79);

/// The time limit of `Resource0::r#type`, for `within`.
pub const RESOURCE0_TYPE_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(33);

/// The time limit of `Resource0::arguments`, for `within`.
pub const RESOURCE0_ARGUMENTS_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(15);

/// The time limit of `Resource0::task`, for `within`.
pub const RESOURCE0_TASK_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(77);

/// The time limit of `Resource0::opened`, for `within`.
pub const RESOURCE0_OPENED_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(71);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\xadT_o\xd30\x10\x7f\xef\xa78M<\xe2\xa5I\xd7\x15\xd0\xd40\xc4\x90\x90\xca\x0b|\x02'\xb9\
    \xacf\x8e]\xc5\xee\xd6|{\xceI\x9a\xc4\x1e\xd0\x08\xe1\xa7\xd8\xbe\xdc\xfd\xfe\xdc9\x8a\"\xf8h\
    \xb0~\x169B\xdc/\x96\xd0b+Z\xec\x86\x16[O\x16\xc4\xd7\xc9B(\x8bu\xc9\xe9\x97\x87\x13\xaf\x0e\
    \x12o?,\x00\"\x97K\xa8\x02O\xb0\xa4\xad>\xa0bK`[\xf8\x8eF\x1f\xeb\x1c\x97~P|\xde\x1a\xa1(\xd5pk\
    E\x85\xfah!I*3\x9c5\x07\x84\\\x0aT\x96\x89\x02v\xc2\xd8\xbbO\x8d\xc5\xfb\xba\xe6M\xbaM\xbd8W\
    \x19\x0b\xf8\xc6\x0fw\xc6\xd6B=\xbe\x0d~\xd8n\xbd\xf8=W\x85\xc46\x9e\x98\xf5\xc1\xb4K\xcfq}\xf4\
    \x0f\xde\x18x\xd9s\x0b\xc2B\xa1\xd1\\\xd3\x05\x07\xc6NqTJ\xcdmJ\xdf\x03\xc8\xc8\xa5q'\x1d\x9c\
    \x88\x12\xf6\x95\xdaO\xd2\x85\xab\xc6W$\xf9\x93\"\xfbZ\xbf\x18\xf8r\xffu\xf7\xf0\x19\xae\xa8\
    \xfa\x9b\x92\x0b\x89\xc5\x95\xc7\xc3\xa0,_\xb3&J\xe9\x1c\xc2\x139g\xd0.\xf5Q\x15D\xce\xd5\xec\
    \xf80\x9f\x9c\xd2\x0a}v\xab\xd0\xe0\xd5&0\xb8K:\xca\x9f\xfe\x93\xfdJ[Q\x8a\x9c[\xa1U\xc0\xb1si\
    \x0e\xbf\x02K\xa1D\x9b\x82\xb1\x16W\xef'y\xdd\xc9\x9bBh\xf5\xb4\xf0Y\x86\xa1\xf7\xd3E\x8b\xb0\
    \xee\xf7\x93\x19\x1aB\x82!\xba\x09\xf5\xda\xbc\x9f\xe8u\xa1%.\xb5l\xc5m\xbew\x20\xd3\xd19\xc7b\
    \xec\xd7\x8e\xa5\x0b\xd5$\x84\xae\x07\xda\xc4\x8a\xc0\xfbX\xd7\x17fy\xb5\xfa?\xd0[\x83;\xecg|\
    \xbfk\xb5[\x1fN\x1c\xc2\x89\xd7A\xe7M\xec\xf6:\xc6\x9f\x9b\xb6p\xd0R\xf45\xeb\x99\xa8\x1f\x8f\
    \x15u\x8b\x99\x94j{d0\x02t\xf6\x13s\x1b\x8d}\xed\xb8\xb9\x1a>\xb7\x8d\xcf-y\xd5%\xc3T\xfdUHn\
    \x9eZ5#z\x85\xc8\xe4\x8c\xe5\x83\xc1\x1d\xa4\xf6|\x0b\xfd\xa1\x8f\xe1\xdd\x05\xbb7\xf1|\xbb\xc3\
    \xc7k\x946\xd3Z\xce\xd1\xb6\x7f\xef\xa9s;\x05;F\xe3\xcb\xe4Ma_s:\xab.\x85b\x0a\x09e\xce\xa5\xcc\
    x\xfe\x14\xedx\x95\x15<\xec\xae\\j\xe36\x12\xf93\x0e\x97\xbf\x002&(\x0e";
}

mod example7 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example7 {
    /// Says what it does.
    #[index(0)]
    #[since(2)]
    async fn a(&self);

    /// Says what it does.
    #[index(1)]
    async fn b_c(&self) -> Result<Option<Record0>, Example7Error>;

    /// Says what it does.
    #[index(2)]
    async fn notification(
        &self,
        task: BTreeMap<String, Vec<Option<Vec<Value>>>>,
    ) -> Result<i64, Example7Error>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    #[serde(default)]
    pub value: Value,
    pub element: Vec<Option<Record0>>,
}

/// The errors of [`Example7`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example7Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `a`, for `within`.
pub const A_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(3);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8d\x90\xc1N\xc30\x0c\x86\xef}\x0ak\xe2H\x9a\xb5\x03!MS\x07\x12CB\x1a\x17x\x82\x90\xba,\
    \xa2M\xaa\xc4\xdd\xd6\xb7\xc7)-\xa2\xa7\xed?Dr\xec|\xff\x1fK)\xe11\xa0?\x1a\x8d\x90\x8d\x129K\
    \xacX\xe2\x8e%\xee\xff\x09\xb24O\x8c%\xf4\x95\xe2'\xbb\xb3j\xda\x1a\x1f\xd6\x09\x80\x8c,cK<\xc3\
    r*\x83\xb1<\x95O%\x99\x06]G\xb0j\xc2\xef\xd5\xd8\xf8P}\x80\xd3A\x11\x18\x82\xd2aH\xb9\xa1@\x14`\
    \x9d\xc59;\xfb\x83\x1d\xbc;\x05xyz\xdd\xef\x9ea\xc1/o*ej,\x17\x97\xd9\x9fBG\xfa;j\xe7\xcb\xe5v\
    \xee\x90_\xeb\xc0\x13}\x8b@*|\xc3\x9bj7\x81\xbc\xb1_\xb7\xb07\x816\xf1\xd8\x16\xc5\xe5,\xd6\x91\
    \xa9\x8cVd\x9c\x05!\"M2-\xe6\xe3E'\x83\x8f\x1f\x82&\xbaV!L\xa9\xe3\xce\x8f\xaa\xeeP*\xdb\xcf\
    \x02\x0d\xfe\xd3\xdfb\x02\xac\xb1AK26\xb8\xd4\xcer\xd4N\x93\xf3l\x98\x0e\x10H\xc7\xa1u\xf2\x03\
    \x0f\xde\x97\x10";
}

mod example8 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example8 {
    type Resource0: Resource0;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;

    /// Says what it does.
    #[index(1)]
    #[since(2)]
    async fn index(
        &self,
        name_of_it: Option<Vec<Bytes>>,
        notification: Value,
    ) -> Option<Resource<Self::Resource0>>;

    /// Says what it does.
    #[index(2)]
    async fn value(
        &self,
        b_c: Option<Record1>,
        task: BTreeMap<i64, Vec<Option<bool>>>,
    ) -> Result<Option<i64>, Example8Error>;

    /// Says what it does.
    #[index(3)]
    #[since(0)]
    async fn task(
        &self,
        r#match: Bytes,
        definition: BTreeMap<String, Vec<Value>>,
        index: BTreeMap<i64, Vec<Option<Vec<Value>>>>,
    );
}

#[lucarne::resource(notifies = Option<Vec<Value>>)]
pub trait Resource0 {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    pub b_c: Option<bool>,
    #[serde(default)]
    pub index: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record1 {
    pub element: Vec<Vec<Value>>,
    pub notification: Option<Box<Record1>>,
}

/// The errors of [`Example8`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example8Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `value`, for `within`.
pub const VALUE_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(54);

/// The time limit of `task`, for `within`.
pub const TASK_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(83);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8dR\xdbn\xc20\x0c}\xefWX\xd3\x1e\x17J\xb9H\x08!\x18\xd3\x984\x89\xbd\xb0/\x08\xa9;\xa2\
    \xb5\x09J\xc2\xa5\x7f?'\xbd\xd0\"M\x9b\x9f\xe2\xc49>\xe7\xd8q\x1c\xc3\xb3Es\x96\x02!\xa9\x83\
    \x8d(\xd8\x98\x82M(\xd8\xb4\x13\x90\x0cF\x91T\x0eM\xc6\xe9\xcb\xe6\xca\x8bc\x8e\xb3y\x04\x10{,\
    \xa9R\xbc\xc2\x90R}D\xc5\x86\xc0\x96\xb0C\xabOF\xe0\xb0_\x944\xa9\x95\x8a\xa0FM\xea\xca#\x82\
    \xe2\x052\x9d1\xe9`+\xad[\xbc\x94\x0e\xd7\xc6\xf0r\xb9\xaa\xea\xea\xeaO^Z\xb8\x1c\xb8\x03\xaaL5\
    \xda\x01=T\xf8\x8c\xdd@b\x0f\xb2\xf2W\xda\xc9L\x0a\xee\xa4V\xf1\x07?\xf6\xf8\xad\xfa\x04o\x8cd\
    \x81\xfa\xe4`:)l{w0\xfab\xe1m\xfd\xbe\xdd\xbc\xc2\x03u\x7f\xcc\xb8\xcc1}\xe8\xe9p\xdc~\x03\xf5Y\
    \x90gO\x95\x94\xbd\xd6\xf9j\xb9\xfc[\xc6\x99\xe7'\x84=\x13\xf1\x0e\x856i\xe2\x05x\xc0\x868a\xde\
    Q\x1e\xf7=\x1d\xde+\x98\x8d;\x0a<\xbf\x143\xa9\xa4w#\xb0\xb4\xceH\xf5U\x13\xa5\x8b\x86f]]5\xe9\
    \xcb\x09\xce\xfeGN\xb0\x82\xb1\x82;q\x88\xdbyv\x18T\xb2Xh\xd2HTZa\x14\x08\x98zJ\x9d\xedk\x07\
    \xd7\xae\x9f\xc2\xab\x0b&\x18\x14(\xcf\xe8!\x02\xc1\xa6@\xe4\xda\"%9\xf2\xea\xb5\xdb\xc0\x9b\
    \x1c\x89\x9c[\x0b\x95\xe3\x01\xd8\x0f\x20\xcc\xac\xd9,\xcf\xcd'B+\xf2\xeb$\x9c60\xa0*\xe2>\x08\
    \x05\xf3_\x01\x93y\xcf\xcf\xd6@o\x1f\xe6X\xa0\xaaV\x95\xd2\xde\xa66\x0bp\xd7\x95\x1a\xd6\xbf\
    \xfc\xb1\xfbc\x1e\xfd\x00\x90[&8";
}

mod example9 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example9 {
    /// Says what it does.
    #[index(0)]
    async fn found(
        &self,
        opened: Option<Vec<Value>>,
        a: BTreeMap<i64, Vec<Value>>,
    ) -> Option<Vec<Option<Record0>>>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    pub b_c: Option<f64>,
    pub value: Bytes,
    pub task: i64,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdaU\x8eAR\xc30\x0cE\xf7>\x85\x0e\x80\xa3\xb6\xc0\x82N'\x01f\xd8\xc1\x06N\x20le\xf0\x10\xec\
    \x8c\xad\x94\xe6\xf6\xc8i:C\xffJ\xf2\xff\xffY\x88\x08\x8f\x85\xf318\x86\xed*\xbbS\xd9[\x95\xbdS\
    \xd9\xfb\x7f\x82m\xb33!\x0a\xe7\x9e\xb4\xf2r\xa2\x9fq\xe0\x87\xbd\x01\xc0\xca\x0a\xd1\xf3\x096\
    \x97U\xe6\x91\x81\xe0\x8d\xc6\x83\x96n\xe05\x149\xe8\xd6\xb6W\x09\xdb\x9e\x9dwv)\xfbM\xd7vg{\
    \x0d}\xd0\\\xe0\xf7\x8b\x04\x82\x80O\\\x1a5\xfa4E\x0fi\xe4\xc8\x1ek\xbb\x03BE_`\x9dY\xf8yA\x1a7\
    P)\xb0\xf2\xeb\xb5\x9f\xd6a?$\x92\xfa\xd5\x91\x86\x89\xf1y\x16~\xca\x99f}\x11*\xdf\xa8'\xeb\xe8\
    R,\x92'')C\xa35\xb0\xb6Y\x0au\xa8\xb9\xbd\xf9\x03w\xba^s";
}

mod example10 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example10 {
    type Resource0: Resource0<Resource0 = Self::Resource0>;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;
}

#[lucarne::resource]
pub trait Resource0 {
    type Resource0: Resource0;

    /// Says what it does.
    #[index(1)]
    #[since(1)]
    async fn b_c(
        &self,
        definition: BTreeMap<i64, Vec<Option<bool>>>,
        value: Option<Vec<f64>>,
        object: Option<Record0>,
    ) -> BTreeMap<i64, Vec<Vec<Value>>>;

    /// Says what it does.
    #[index(2)]
    async fn r#type(
        &self,
        arguments: Vec<Value>,
        r#type: Vec<Option<Record0>>,
    ) -> Result<Value, Example10Error>;

    /// Says what it does.
    #[index(3)]
    async fn r#match(&self, value: bool) -> Option<Resource<Self::Resource0>>;

    /// Says what it does.
    #[index(4)]
    #[since(0)]
    async fn client_id(&self) -> Result<Option<Resource<Self::Resource0>>, Example10Error>;

    /// Says what it does.
    #[index(5)]
    #[since(0)]
    async fn object(
        &self,
        b_c: BTreeMap<i64, Vec<Vec<Value>>>,
        element: Value,
        handle: BTreeMap<String, Vec<Option<i64>>>,
    ) -> Option<Bytes>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    #[serde(default)]
    pub r#match: Value,
    pub arguments: BTreeMap<String, Vec<Option<Vec<Value>>>>,
    pub task: i64,
}

/// The errors of [`Example10`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example10Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `Resource0::b_c`, for `within`.
pub const RESOURCE0_B_C_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(85);

/// The time limit of `Resource0::client_id`, for `within`.
pub const RESOURCE0_CLIENT_ID_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(79);

/// The time limit of `Resource0::object`, for `within`.
pub const RESOURCE0_OBJECT_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(87);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x8dS\xdbn\xdb0\x0c}\xf7W\x10\xc5\x1e'\xcbI\x1b\xb4\x0b\x0a{\x1d\xd6\x01\x03\xba\x97\xee\
    \x0b\x14\x99i\xb4\xc9R\x20\xc9m\xfd\xf7\xa5\xe4K\xe3\x14m\xca\x07\xdb\x94\xc8\xc3C\xf2\x98s\x0e\
    \xdf=\xbaG%\x11\x16\x83\xb1%\x19;'c\x17dlu`\xb0\xc8\x97\x992\x01\xddVP\xca\xed\xb3h\xf6\x1a\x17\
    \xc5:\x03\xe0\x11L\x99\x1a\x9f\xa1\x20\xd7\xee\xd1\xb0\x02X\x09\xf7\xe8m\xeb$\x16Y\x0aq\x83{\
    \x803E\x1c\xe1,F\xd7+\x13\x19\x8enP\x0d\xda6\xc0\xd5\xaa\xf1\xd3Y\xb7G\xa8q\xab\x8c\x0a\xca\x1a\
    \xf8#\xf6\xd7T\xe1+\xdc)\x1f\xae7\xd6\xea\xaa,g\xc1\x8fB\xb7\xd8_o\xb5\x15\xa1\xacf\xd7\xc4|\
    \x8e\x11\x1f#\xc4\x10\xf9Wt\x1e\x9ev\"\x80\x0aP[\xf49]l\x98\x04\xc6^\xa9p\x82\xa1\x83T\x8eG\x90\
    \x8a<\xbb\xf9\x872\xf0{\x94\xd6\xd5E5T\x9b\xb7\xbf\x9c\xf8\xec\x9c}\xf2\xf0\xeb\xe6\xf7\xdd\xed\
    O8\xa3Z_\xb6Bi\xac\xcff\x8c\xd3#Q\x1da?\xc16%\x09\xf7\xd06h\x82O\xfc\x88^<\x1d\xbeK\x10\xa6\x9b\
    \x13;?\x0d\xdb\x88\x20w\xfd\x88y\x1c\xfeL\x08\xd5\x1c\xeeb\xbe\xe6\xe2x\xcd\x97\xdf\x0e\xd6|b\
    \x14\x1fq\x92ZQ\x8fL\xd5\x1f\x91Y\x9d\x20suy\xa4\xb9\xb8\xee\xf7\x852\x04\xed\x84\xa95\xa68\x1f\
    \x9c2\x0fC(%U\x9f\xd1T/\x97XkP\x13j\x8c\x0b\x8b^\x94S\x8f\xdf\xdf\x95\xf0\xa3\x0bx\xe3\x9c\xe8\
    \xa6\xde\xa4\xb6\x1e\xd3\x08\xe8\x1dC\x8c58\xfe\x8fQ+\x99\xd4\xc2{\x18\x84\xb3\x1e7\xc8\x0fv\
    \x9f\x1ay\xd3A\x12tj\xe1UD\xbd\x92\x83\xf0\xff95\x18\xcbZCI\xad\x0c\xd6\x11\xd9\xbc\x17G>%@\x1e\
    c\xd7\xd9\x0bX\x06V\xc2";
}

mod example11 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example11 {
    type Resource0: Resource0<Resource0 = Self::Resource0>;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;

    /// Says what it does.
    #[index(1)]
    #[since(1)]
    async fn a(&self, a: Bytes) -> Result<(), Example11Error>;

    /// Says what it does.
    #[index(2)]
    async fn r#type(
        &self,
        client_id: BTreeMap<String, Vec<f64>>,
        monitor: BTreeMap<String, Vec<Value>>,
        opened: BTreeMap<String, Vec<Option<Record2>>>,
        definition: Option<Vec<Option<Bytes>>>,
    ) -> Result<Option<String>, Example11Error>;

    /// Says what it does.
    #[index(3)]
    async fn element(&self) -> Result<BTreeMap<i64, Vec<Value>>, Example11Error>;
}

#[lucarne::resource(notifies = ())]
pub trait Resource0 {
    type Resource0: Resource0;

    /// Says what it does.
    #[index(4)]
    async fn r#type(
        &self,
        value: Vec<Value>,
        task: Option<Vec<i64>>,
        found: BTreeMap<String, Vec<Option<f64>>>,
        element: Vec<String>,
    );

    /// Says what it does.
    #[index(5)]
    #[since(0)]
    async fn client_id(&self) -> Result<BTreeMap<i64, Vec<Option<bool>>>, Example11Error>;

    /// Says what it does.
    #[index(6)]
    async fn notification(
        &self,
        handle: Option<bool>,
        opened: BTreeMap<i64, Vec<Option<Record0>>>,
        r#type: Value,
        found: String,
    ) -> Option<Resource<Self::Resource0>>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record0 {
    pub notification: Vec<Option<bool>>,
    pub name_of_it: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record1 {
    pub a: Vec<Record0>,
    pub arguments: Vec<Value>,
    pub handle: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record2 {
    pub definition: Option<Vec<Value>>,
}

/// The errors of [`Example11`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example11Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `a`, for `within`.
pub const A_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(52);

/// The time limit of `element`, for `within`.
pub const ELEMENT_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(25);

/// The time limit of `Resource0::r#type`, for `within`.
pub const RESOURCE0_TYPE_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(17);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\xa5T\xcbn\xdb0\x10\xbc\xfb+\x88\xa0\xc7\xd2\xb2\x94\xb8\x05\x0cCj\x8a\xa6@\x81\xf4\x92~\
    \xc1ZZ\xc5D)\xd2\x20\xa9$\xfe\xfb\xf2%Yb\xed\xc6@y\x12\xc5\xe1\xee\xec\xccr\xb3,#_4\xaa\x17V#\
    \xc9\xe3\xa2\x85]\xf4\xd6.zg\x17]O\x16\xc9\x97\xc5\x82\x09\x83\xaa\x05{\xe5\xe1\x0d\xba\x03\xc7\
    <\xdf,\x08\xc9\\0&\x1a|#+\xbb\x95\x07\x14tEhI\x9eP\xcb^\xd5\xb8\x9a\x83\xf2a\xab\x99p\xe9\x87\
    \xada\x1d\xca\xde\x90u\xd1\xe9\xf1\xdf^\xc9WM\xbe\xdf\xffx|\xf8Fn\x98!\x1fZ`\x1c\x9b\x9b\x80\
    \x88\xb8_p\xd4\xe4u\x0f\x86XD#Q/\xed\x01\x10\xc8\xbe\x1e\x0d\xde+\x05G\xc7GH\x81s*\xc5\xb5y,\
    \xe2x@Rs\x86\xc2P\xd6\x90\x9fp\xd8j\xa3\x98x\xfeH\x1e\x996\xdb\x96K0e9\x83wR0#\xd5\xdf`\xfb\xa3\
    J\xb0N6<\x13\xf7\x09k\xa9\x9a\"\x857\xd82\x1b\x9cI\x11`c\xa1UY\xbd/\x8d\x0fA\xe9XNf\xd3\xda}\
    \xe4\xebw\x81\x8f\xff<\xe5\xca\\\xae\xcai\x198Vs9oS+\x8b\xf5\xf5V\xc6\xc2ll\xa7\x81\xed\xb5\x20\
    @\xf9~5\xc8\xb1\xb3u\xc4\xab\x0b\x1fK\xc5\xde\x9b4\xed\xd8\x8eI\xd3\xde\xa5\xac\xf3\xcf\x13\xd6\
    \x8e\x93\x01\xfd;\xc8l\xa3\x95\xd5\xec\xac\x95\xbd\xb8\xd4\x0e\xa9i\x03Q\x8f\x08\xf0\xf2J\xb3^\
    \x80\xf7\xe8\xe5\xf7l\x06#\xa8O\xef]\x8a\xc1\x03\xe6l\xb7\xaf\xe7\x0fo\xf5\x9f\xcelwR\xf2\xb1\
    \xc4\x7fUpz6\xd1\xa2\x19\xadO\x97\xde\xc1)Sx\x04\xab\xab\x92\x09iX\xcbj\xf0oc\x0f\xa2\xe1\x98y\
    \xa6V\xadIS\xbbd\xb1\xed\x83\x86\xc1\x8f\xd9\xdc\x1a\x9d\x9e\xc6t#NP\x81V\xb1\x1a8\xdfAm\xdd\
    \x80n\xd7\xc0\xa8z\xec@\xc7yQs\xd0\x9a\xc4\x026\xb3R'\"&\xbc\xbd\x89\xee\x1ftHeK\x99\xc9|C9-\
    \xa5\xb0L\xfb\xda\xcd\x95\xe5\xacVJ\x97'\xfc\xe6\"\x89\xfc\x0c\x89H\xcf\xd1\x80!w\x02\xf1#\xcb\
    \x9d\xab\xe7\xde\xf5\x99\x1epQbkV\x95\xd2\x03\xc7i\xbc@\x96\x01z\x99Z\xe1\xa8\xa5\xd3&\x0dz:\
    \xdf,\xfe\x00,\x01\x0e$";
}

mod example12 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example12 {
    type Resource0: Resource0;
    type Resource1: Resource1<Resource0 = Self::Resource0>;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;

    #[index(1)]
    async fn open_1(&self) -> Resource<Self::Resource1>;
}

#[lucarne::resource(notifies = ())]
pub trait Resource0 {
    /// Says what it does.
    #[index(2)]
    #[since(2)]
    async fn task(&self, b_c: f64, self_: Value, notification: Value) -> Result<(), Example12Error>;
}

#[lucarne::resource]
pub trait Resource1 {
    type Resource0: Resource0;

    /// Says what it does.
    #[index(3)]
    #[since(1)]
    async fn found(
        &self,
        notification: Option<Vec<bool>>,
        b_c: String,
        task: Value,
    ) -> Option<Resource<Self::Resource0>>;

    /// Says what it does.
    #[index(4)]
    #[since(2)]
    async fn x1(&self) -> Result<Bytes, Example12Error>;

    /// Says what it does.
    #[index(5)]
    async fn name_of_it(&self) -> Result<(), Example12Error>;
}

/// The errors of [`Example12`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example12Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\xb5R\xc1n\xc20\x0c\xbd\xf3\x15\x16\xda5\x84\x14\xb8L\x13\x1d\xd3\x984\x89]\xb6/pSgD\x84\
    \xa4J\xc2\xa0\x7f\xbf\xb4\x83\xaa\xe5\xc2e\xf8\x12\xbd\xf89\xcf\xcf\x0e\xe7\x1c\x9e\x03\xf9\x1f\
    -\x09\xc49X\x96\x82\xcdR\xb0y\x0a\xb6\xe8\x05\x88I6\xd26\x92W\x98J\xd6'\xdcW\x86D\xf68\x02\xe0\
    \xcdc\xda\x96t\x82i\x82\xae\"\xcb\xa6\xc0\x96\xf0I\xc1\x1d\xbc\xa4\xe9\x90$.$\xd1'\x89QK\xf1g\
    \xd8\x13\xeb\x9e\xb9\x12\xcb.0h\x9bh\x1d\x8c[\xef\x8e\x01\xdeV\xef\x9b\xf5+\x8cu\x84\x07\x85\
    \xdaP9\xfec\x9cy_X\x078n1Bb\x94\x8e\xc2$%\"\x86\x1d0V0\xc9\x95q)\x17\xc8(\x8e\xb6\x06\xeb\xa2VZ\
    b\xd4\xce\xf2\x0f\xac\xf2\xa6y\xeb,]d\xfb\x84\xc6\xa1e\x96R\x1b\x12\x8d)P\xee\xf8\x06\xf7E\x89]\
    \xd5-\xb7\xe2\xca\xedl\xe8Vtn\xeb\x8a\x06\xcd\xc1F\x87\xf8T8g\x96\xf9m\xc3\xca\x1dl94\xd7\xd4\
    \xe7\xd0\x8c\x20D\xaf\xedw;\x94v\x06\xfd\x9d\xe6\xc3\xf6\xe6wX\xc6\xa9\xfd\x20/u\xa4\x95\xf7X\
    \x0f\x05\x17\xff\xa1`qO\xcc)\x96\xae\xae\xb6)\x8d\x0b\x0dh\xcf.\xf9\x0b\x0eG\xeeX";
}

mod example13 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example13 {
    /// Says what it does.
    #[index(0)]
    #[since(0)]
    async fn index(&self, opened: bool, a: Option<Vec<Value>>);

    /// Says what it does.
    #[index(1)]
    #[since(0)]
    async fn notification(
        &self,
        index: BTreeMap<String, Vec<Option<Bytes>>>,
        notification: Option<String>,
        name_of_it: Vec<Option<String>>,
    );
}

/// The time limit of `index`, for `within`.
pub const INDEX_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(20);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\x85OAN\xc3@\x0c\xbc\xf7\x15~\x00\xdbmR\xb8\xa0*\x01$np\xe2\x05\xa6q\xc0RcG\xbb\x06\x9a\
    \xdf\xe34!j\x0f\xa8s\xb3g<3\x8e1\xc2C\xa6\xf4\xcd{\x82bF(\x1da\xeb\x08\xb7\x8epw\x06(\xd6\xe5\
    \x8a\xc5(\xb5\xe8'\xcfG\xec\xfa\x03\x15\xdb\xfb\x15@\x1c\xcdX\x1a:\xc2\xe6o\xcc,.[F\xe3\x8e\xf4\
    \xcb\xa0\xdcty\xda\xcd\xcc\x1b\x0e\x19~>\xd1\x80\x0d\x1a\xa5\xbcvb\xf2\xd2\x9e\x84\x9a\xf8\xaez\
    \x80\x100\xbep\xb6\x1aB\x05\xa2B\x97\xb1\xc5\x7f\xb1CO\xb3\xdb+\xf6\xbbl\x89\xe5\xe3\x06F\xa7\
    \xdd\xd3`\xf4\x98\x12\x0euU]\xe8\x05;\x0a\xda\x06/t\x12NWuu\xbd\xb7\xa8q\xcb{4V\x99b\xa3\xc7z\
    \xf9s\"\xce~\xe3zI:=\xb7\xfc\xf6\x0b\x1a!x\xe3";
}

mod example14 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Value};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example14 {
    /// Says what it does.
    #[index(0)]
    #[since(2)]
    async fn b_c(
        &self,
        index: Vec<Value>,
        x1: String,
        notification: BTreeMap<i64, Vec<String>>,
        a: f64,
    ) -> Result<Bytes, Example14Error>;

    /// Says what it does.
    #[index(1)]
    #[since(0)]
    async fn client_id(&self, handle: Option<Vec<Value>>) -> Result<(), Example14Error>;

    /// Says what it does.
    #[index(2)]
    #[since(2)]
    async fn value(
        &self,
        r#type: Option<Vec<Value>>,
        index: Option<bool>,
    ) -> Result<i64, Example14Error>;
}

/// The errors of [`Example14`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example14Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `b_c`, for `within`.
pub const B_C_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(36);

/// The time limit of `client_id`, for `within`.
pub const CLIENT_ID_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(93);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\xa5Q\xd1J\xc3@\x10|\xcfW,\xc5G\xaf\xd7$UPJ\xb4b\x05\xa1>\xf9\x05\xd7dc\x16.w!wm\x93\xbfw\
    \x93&\xa5\x11\x14\xa1\xf3v{;;3\xbbRJxvX\x1f(E\x08\x07\x88\x88!b\x86X2\xc4\xdd\x05\x20\x9cG\x01\
    \x19\x8fu\xae\x98\xb2iTYi\x0c\x97\x8f\x01\x80\xec\x86\x91\xc9\xb0\x81\xc5\xf8td\xb8-\x1a\x9f\
    \x9eJ\xb4{\x0f\xf1}\xe9\xce\xb5\xa2\xb6G\x07o\xeb\xf7\xed\xe6\x15f\xe4\xe1&W\xa41\x9b\x9d;\xda\
    \x0a\xc1XO9\xa5\xca\x935\xf0\xa1\xaa\x15\xbb\xb8\x85-9\xbfr\xbe&\xf3\x95$\xa7\xfe\x81\xf5\xa9Z\
    \x07\xc7By\xe0\x89\x99E7\xe7\x8f\x9dHA\x88\xde\xa3\xec\xa8\xd0\x84\xf2\xc4\xe6\xf2\xa5\x82d\x05\
    .)\x99k\xcb#D\x02/\xad\xc7u]\xabv\x9a4\x9c&]\xfcL\xfa\x10\xff?\xe9_\xceSMh\xbc\xa0\x0c\x0ae2\
    \x8d\xbd\xfd\xa7\xce\x98\xb1\x06\xa7\x9e\xa2\xdf\xb6\x7f\x85\xfeA\xe9=Bw\x89QyX\xe3\xceZ\xdd\
    \xfb\xe0{\x04\xdf\x04\xe5\xa8\x84";
}

mod example15 {
// Made from app.toit by `lucarne interface generate --rust`. Do not edit: change
// app.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use std::collections::BTreeMap;

#[lucarne::service(
    uuid = "11111111-2222-3333-4444-555555555555",
    version = "1.2",
    definition = DEFINITION
)]
pub trait Example15 {
    type Resource0: Resource0<Resource0 = Self::Resource0>;

    #[index(0)]
    async fn open_0(&self) -> Resource<Self::Resource0>;
}

#[lucarne::resource(notifies = String)]
pub trait Resource0 {
    type Resource0: Resource0;

    /// Says what it does.
    #[index(1)]
    async fn r#match(&self, a: Bytes) -> Result<(), Example15Error>;

    /// Says what it does.
    #[index(2)]
    #[since(1)]
    async fn object(
        &self,
        element: Option<Vec<Option<String>>>,
        object: f64,
        monitor: BTreeMap<String, Vec<i64>>,
    ) -> Result<Option<Resource<Self::Resource0>>, Example15Error>;

    /// Says what it does.
    #[index(3)]
    async fn task(
        &self,
        client_id: Option<Bytes>,
        r#match: Option<Vec<Value>>,
        x1: Option<Vec<Value>>,
        found: Value,
    ) -> Option<Vec<String>>;

    /// Says what it does.
    #[index(4)]
    async fn notification(&self, value: Value, object: Value, index: Option<f64>) -> Option<Bytes>;

    /// Says what it does.
    #[index(5)]
    async fn name_of_it(
        &self,
        opened: Option<i64>,
        x1: Option<String>,
        monitor: Vec<Value>,
    ) -> Result<(), Example15Error>;
}

/// The errors of [`Example15`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum Example15Error {
    /// The text `it $failed`.
    #[fault("it $failed")]
    Failed,
}

/// The time limit of `Resource0::r#match`, for `within`.
pub const RESOURCE0_MATCH_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(35);

/// The time limit of `Resource0::object`, for `within`.
pub const RESOURCE0_OBJECT_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(94);

/// The time limit of `Resource0::name_of_it`, for `within`.
pub const RESOURCE0_NAME_OF_IT_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(39);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xda\xadS\xcbN\xc30\x10\xbc\xf7+V\x88#\xae\x9b>\x0eE\xa8\xa1\x88\"!\x95\x0b|\x81I6\xd4\x90\xd8\
    \x95\xed\xb4\xc9\xdf\xb3\xce\xa3M\x82D9\xb0\xa7\xac=\xbb3\x9e\xddp\xce\xe1\xde\xa29\xc8\x08!h\
    \x82M)\xd8\x8c\x82\xcd)\xd8\xa2\x13\x10\x8c\xa7#\xa9\x1c\x9aDP\xc9\xa6\x10\xd9>\xc5`q;\x02\xe0\
    \xbe\x99T1\x160\xa1T\xefQ\xb1\x09\xb0\x15\xbc\xa2\xd5\xb9\x89p2\xaa\x20\xa6I;}N\x88A\x9f\xa0M\
    \x9d\xccP\xe7\x0ef\x8b\xcc\x9e\xcevF\x1f-<\xad\x9f\xb7\x9bG\xb8\x92\x0e\xae\x13!S\x8c\xafjD\x83\
    {\x13\xa5\x85\xe3N8\x20D\xac\xd1\x8e\xe9\"\x13.\xda\x81\xe0\x0f\xa5\xc3\xb51\xa2\xf4:\x95V\xd8\
    \xe7\x9f\xb6\xa9\x95\xca;4\x94\xb3\x9c\xff]\x0e!\xca=\x02\xa6\x98\xa1r\xb0\x95\xd6\xddYg\xa4\
    \xfa\x08Wa\x0f\x92i%\x9d6\xf0\"\xf6\x0d\xe2\xa6\x86\x93a\xab\xd5\xe5\xc7\xe9\xf7O\x8c\\\xcb\xc4\
    }i\x08\x8c\xd5\xc7<I5\xc1\x1b\x0eN\x1c\xbd\x11\x85}\x03f}a\x95k\x95\x14\xaa\x1b\xca\xa66\x9dG\
    \xb5\x97\xbf\x09u\xc2~\x91\xb0(\x95\xa4\x93\xc9\xf8<\x8e\xb0\xe6j\xb4\x17A\xf3\x91\xe8\\\xc5\\\
    \xa8\xb2%\x1b\xc8\x9d_\xe6T\xda\xc9DF\xc2I\xad\xe0\x20\xd2\x1c\xbd\x07\x1d\x7f\xaa\xacjW[\x15z\
    \xae\xb3\xb0>\xe1\xe2\xc7\x82.\xffgA\x95\xc8\x90\xe9\x84\xd1\x91\xff\x910\xe64|\xaf\x92\xbch\
    \xb6\x86\x92v\x8a\xde\x8a\xe1\x06+,\\5?\x83\x11\xcaC5\x9f\xbar\xf4\x0d\xc9\xfd+R";
}
