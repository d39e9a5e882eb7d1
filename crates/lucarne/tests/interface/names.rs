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
    async fn self_(&self) -> Result<i64, NamesError>;

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

/// The errors of [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum NamesError {
    /// The text `SELF`.
    #[fault("SELF")]
    Self_,
}

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdauSKr\xe20\x10\xdds\x8a>\xc0\xd8\x82\x04\xf2\xa1R\x1963+*\xb3\xc8\x09\x1a\xa9eT\xc8jJ\x92a\
    \xb8\xfd\xe8\xe30@\x91\x85\xad~V\xff\xdf\xb3\x10\x02V\x81\xfc\xc1H\x82g=\xd3O\xfa\x85\x9a\xb9z\
    \x90\xcd\\.\x16\xcd\xab^`\xb3\xd8L\xf5\xcb\xe6Q\xce\xd4t\x0e\xb3v:\x11B\xe4\x07>\xb0\xa7\x00q\
    \x8b\x11\xd0\x13\xec\xe8td\xaf\x02\x18\x07\x1c\xb7\xe4\xc1\xa2\xeb\x06\xec(\xfc\x00\xf6\xd5\xb1\
    #G\x1e#)\x90\xac\x08\x86@\xa1\x9d\x18\x17\xc9kL=\x94\x94\xcb\x09@\xce\xbf2N\xd1_\x98&\xd8c\x94[\
    \x88\xa7=\x89\x10\xbdq\x1dh'R\x184\xef\xa9\\\xbc\x0e\x98}\xc1\xb8\xf5|\x0c\xf0\xf9k\xfd;}\x0ad\
    \xf5]\xff\x87\x04en\x0a\xfa!~\x9b\xf51\xc1j\xa1\xef\x86\x9e\\\x0c\xc5WZ\x93\xecbvF\x95\xb3\xb8}\
    %Z\x9bp\x93i\x9e`\xc4\xb0\x83\x9e\x9d\x89\xec\x8b\xa7\"m\x122\xfc\xfd\\\x8b\xd2\xc1\x81w\x04\
    \x07\xb4\x03\x09t'\x20K\xb9\x97b\xa7\x20\xc7\x8e\xae\xa3\x9e\x12\xc4#\x9a\x08is\x83\x8c\xe2\xb3\
    \x1c\xd9\xb9Z\xd7\xee\xcf\xe7\xe5\xa5e\x83M\xcd\x97\x09\xde\xf2\xeb\x8f\xae\x11\xefW>\xe3\x8co\
    \xff\xefrT(o\x91o\xeeo\xe1%AO\x1a,\xf3\xben\xe0t\x1e\xfd#i\xa3Hl\xe5)\xf0\xe0%]j$]\xdeH\xe45K\
    \x84\x0f\x04[t\xca\xd2H\xc2e\xb6\x9f7\x12)\xa2\xaa\xeb\xbf\xd9\xb5\xe3h\xb4\x91\x98\xa9\xb8R\\\
    \xd6\x8f\xa8\x8e\xec\x1a\xd3\xef-H\xb4v\x83r'\xd6\xd8o\x14\xde\x12\x20-\x87\x0c\x94\xe7\xfd\xf9\
    n\x1cK\xa6_e\"-\x860\xd2\x90G\xba(7\x0av,\xb8\x1f6#oy\x90\xca~^iF\x92]e6\x8f\xd2\xb4\x95\x93\
    \xa6\xadro\xda\x14\x9a\x8f\x12\xb3\xbcS\xfd\x92\xd8\xdc\x03kq\xd6\xc5e\xea\x96\xf5r\xf2\x0f\x86\
    \x0bN\xae";
