// Made from types.toit by `lucarne interface generate --rust`. Do not edit: change
// types.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All types in all places.
#[lucarne::service(uuid = "7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d02", version = "2.3")]
pub trait Types {
    /// A shelf of things.
    type Shelf: Shelf<Drawer = Self::Drawer>;
    /// A drawer.
    type Drawer: Drawer;

    /// Returns the values in a list.
    #[index(0)]
    #[allow(clippy::too_many_arguments)]
    async fn all(
        &self,
        a: bool,
        b: i64,
        c: f64,
        d: String,
        e: Bytes,
        f: Vec<Value>,
        g: Value,
        h: Value,
    ) -> Vec<Value>;

    #[index(1)]
    #[allow(clippy::too_many_arguments)]
    async fn nulls(
        &self,
        a: Option<bool>,
        b: Option<i64>,
        c: Option<f64>,
        d: Option<String>,
        e: Option<Bytes>,
        f: Option<Vec<Value>>,
        g: Value,
        h: Value,
    ) -> Option<Vec<Value>>;

    #[index(2)]
    async fn nothing(&self);

    #[index(3)]
    async fn named(&self, left: i64, right: i64) -> i64;

    /// The `*/` of a comment, a \backslash, and $size.
    #[index(4)]
    async fn size(&self, bytes: Bytes) -> i64;

    #[index(5)]
    async fn echo(&self, bytes: Bytes) -> Bytes;

    /// Turns a shape around.
    #[index(6)]
    async fn turn(&self, shape: Shape) -> Result<Shape, TypesError>;

    #[index(7)]
    async fn perhaps(&self, shape: Option<Shape>) -> Option<Shape>;

    #[index(8)]
    #[since(1)]
    async fn by_name(&self, shapes: Vec<Option<Shape>>) -> BTreeMap<String, Vec<Shape>>;

    #[index(9)]
    async fn slow(&self);

    #[index(40)]
    async fn shelf(&self, name: String) -> Option<Resource<Self::Shelf>>;
}

/// A shelf of things.
#[lucarne::resource]
pub trait Shelf {
    /// A drawer.
    type Drawer: Drawer;

    #[index(10)]
    async fn put(&self, thing: Value) -> i64;

    #[index(11)]
    async fn things(&self) -> Vec<Value>;

    #[index(12)]
    async fn drawer(&self) -> Resource<Self::Drawer>;

    #[index(13)]
    async fn open_drawers(&self) -> i64;
}

/// A drawer.
#[lucarne::resource(notifies = (String, Option<Shape>))]
pub trait Drawer {
    #[index(14)]
    async fn put(&self, name: String, shape: Option<Shape>);
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    pub name: String,
    pub corner_points: Vec<Value>,
    pub parts: Option<BTreeMap<i64, Shape>>,
    pub next: Option<Box<Shape>>,
    #[serde(default)]
    pub r#type: Value,
}

/// The errors of [`Types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum TypesError {
    /// The text `TOO_LARGE`.
    TooLarge,
    /// The text `there is no such shape`.
    #[fault("there is no such shape")]
    NoShape,
}

/// The time limit of `slow`, for `within`.
pub const SLOW_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(50);
