// Made from types.toit by `lucarne interface generate --rust`. Do not edit: change
// types.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All types in all places.
#[lucarne::service(
    uuid = "7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d02",
    version = "2.3",
    definition = DEFINITION
)]
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

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdauT\xdfO\xdb0\x10~\xef_qB{\x9aHMK\xcb/\xa1\x86NC\xdb\x03\x1b\x13\xf08\x09\x1c\xe7\xd2DK\xed\
    \xc8v\x80\xee\xaf\xdf\x9d\x9d\x96&\x83\x87(>\xfb\xbb\xef~\xf8;\x0b!\xe0\xca\xa1}\xae\x14\xc2i1)\
    N\x8a3Lf\xf9T%35\x9f'\xe7\xc5\\&\xf3\xec\xa88\xcb\x8e\xd5$?\x9a\xc2t|<\x12B\xf0\x07\xcb\xba\x06\
    \xbfi\xd0A\xa5A\x92\xd1\xd4R\xa1\x1b\x8f*\xed\xd1\x16\xb4\x86\x07>\xbe\x18\x010\xfe\xaa\xd29\
    \xbe\xc2Q4\xbb\xcd;\xf4\xad\xd5\x0e|\x89\xf0,\xeb\xb6c\x83\xbar~L\x18\xe6\x95\"3\xa6\x86L\x101(\
    Q\xd4Fz\xc8\x85\xf3\xb6\xd2+@\xf1e\xe3qi\xad\xdc@!n\xc8\x0fV\xe2\x87l\xa0\x14Ro\x20Y\x00\xef\
    \xf5s\x98\x90\xa9\xdb\xbav\x1dw\x1a\xc9\xd3-{\xba\xa3O\xf7\xf9\xd3.@\x1a#\xa4\xfd\x10i?\xc6\x94\
    c\x18_r\x8e\x84\xd0Fc\x1fp\xcc\x00\xb9\xc6\x1c\x92\xa4\xc6\xc2\x87\xf2\x92\xc4V\xab\xb2[/\xa8\
    \x17\x83\xccg\xbd\xee=P\xd7\x9e>\x8b'0\x05\xf5L\x99\xf5\x1a\xb5?\xa4\xe5\xefL\xaa?\xae\x96\xae$\
    K\xe7\xf0\xc9U\x7f\x91\xfb\xc9\x7f\xc8\xa8\x20\xb7\xd7\xb6\xf7\x02\xcd\xc9DU\x9a\xf7\xc0;\xa3\
    \xefr\xb25}i\xcd\x8b\x83\x87\xdb\xdb\xc7\x9b\xe5\xdd\xb7\xeb\xc1\xfe\xcf\xdb\xc7\xfb\xef\xcb_\
    \xd7p@\xb7n\x11*G\xdd\x01\xd7\xaa\x12\\)\x1b<\xe8\xd7\x18\xf4!\xe3\x11HkZ\x9ds%\xac\x9b\xb8)\
    \xee\xc3\x11%\x16\x16\xfd\xa4N\xc9l\xd0\xd2\x81\xdbG\xa7;\xf8\xe0\xda\xce\xb6\xa6\xab4)x\xb2\
    \xcb\x9d\xa4\x1c\x09\\\xb8\xed\xcb\xe8\xbc\xe8\x9d\x13'\xe9\xe22J\xe7p\x0f\xb7`\\\xb6I\xf8\xbe;\
    \x96(\xd5\xe8\xd1O\xe1|\xc7Y\xad\xd1\xb4\x1e\xe6Gk\xc7wW\x9b\x97\xf7\xa54\xe3\xa1r%\xd6EP\xd4v4\
    B\x89\xb4\x99\x86y\xbd\xb2\xe8Lk\x15\xbeMp\xe7C\xea\x09:\xed\xcdn\xf0\x1c\xcc\xee\x84\xe34\x94Q\
    \x80o\xc5\xff\x9fv&\xdc\xb5\xc8\xf8\xc1\xfc\xf1p\xe4V\xbe\xa0e\xc0\xd7\xb0\x1a@x<L\x83:\x898\
    \xb7\x8d\xf4Q)\x11\xb6_A\xa4\x1d\x960\xebJ\xd8o\xd4P\x18\xfb\x1d\xa6\x19\xae\x8aJI_\x19\xfd\xa1\
    \x13\xe7\xaa\x13UJ\xbdBP\xf4h\xf1\xfc\x89\x1b\xb9\xcer9$T\xb5q\x18\xee\xab\xf5\xbb\xb3\xae*el>R\
    4\xb7.\x8a\xf3\xa2{#\xba\x98d\x11B\xa3M\x1aCuF\x0d\xf5\x14\xc8\xf2\xab\xf8\x0d\x88\xb2\xe3\xc4\
    \x1ai\x09\xc9\xef\x15\x93\xe1\xab\x7f\xcb\x99]\xf8\x16\x03\xaf\xa6\x18\xad\xf2\xc6\xc28\xc8t\
    \xdc\x0bE/\xd380\xf1\x82Y\xf8\xcf\xfe\x17\xa3\x7f\xbf\xd4\xe45";
