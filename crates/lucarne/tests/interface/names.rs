// Made from names.toit by `lucarne interface generate --rust`. Do not edit: change
// names.toit instead, and make this file again.

use lucarne::{Resource, Value};
use serde::{Deserialize, Serialize};

/// Names that are keywords in other languages, or that generated code uses.
#[lucarne::service(uuid = "7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d04", version = "1.0")]
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
