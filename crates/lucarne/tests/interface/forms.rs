// Made from forms.toit by `lucarne interface generate --rust`. Do not edit: change
// forms.toit instead, and make this file again.

use lucarne::{Bytes, Resource, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Types, names and comments in unusual forms.
#[lucarne::service(
    uuid = "7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d05",
    version = "1.3",
    definition = DEFINITION
)]
#[allow(clippy::len_without_is_empty)]
pub trait Forms {
    type Walk: Walk<Walk = Self::Walk, End = Self::End>;
    type End: End;

    /// Code in a comment is not a test of Rust:
    ///
    /// ```text
    /// forms.len
    /// ```
    ///
    ///    forms.new
    ///
    /// - One: \u{41} and $len.
    #[index(0)]
    async fn len(&self) -> Result<i64, FormsError>;

    #[index(1)]
    #[allow(clippy::wrong_self_convention, clippy::new_ret_no_self)]
    async fn new(&self) -> Tree;

    #[index(2)]
    #[allow(clippy::wrong_self_convention)]
    async fn from_text(&self, text: String) -> Option<Tree>;

    #[index(3)]
    #[allow(clippy::wrong_self_convention)]
    async fn into_text(&self, tree: Tree) -> String;

    #[index(4)]
    #[allow(clippy::type_complexity)]
    async fn nested(
        &self,
        deep: BTreeMap<i64, BTreeMap<String, Option<Vec<BTreeMap<i64, Option<Tree>>>>>>,
    ) -> Option<Vec<Vec<BTreeMap<String, Vec<BTreeMap<i64, Option<Bytes>>>>>>>;

    #[index(5)]
    #[allow(clippy::too_many_arguments)]
    async fn many(
        &self,
        p1: i64,
        p2: Option<i64>,
        p3: Vec<Value>,
        p4: Value,
        p5: bool,
        p6: f64,
        p7: Option<String>,
        p8: Bytes,
        p9: Value,
        p10: Tree,
        p11: Option<Tree>,
        p12: i64,
        p13: i64,
        p14: i64,
        p15: i64,
    ) -> Value;

    #[index(6)]
    async fn walk(&self) -> Resource<Self::Walk>;
}

#[lucarne::resource(notifies = Option<BTreeMap<i64, Vec<Option<Tree>>>>)]
pub trait Walk {
    type Walk: Walk;
    type End: End;

    /// Returns another resource of the same kind.
    #[index(7)]
    async fn again(&self) -> Option<Resource<Self::Walk>>;

    #[index(8)]
    async fn end(&self) -> Resource<Self::End>;

    #[index(9)]
    async fn next(&self) -> i64;
}

#[lucarne::resource(notifies = ())]
pub trait End {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    pub children: Option<Vec<Tree>>,
    #[allow(clippy::type_complexity)]
    pub names: Option<BTreeMap<i64, BTreeMap<String, Option<Vec<Vec<Option<Tree>>>>>>>,
    pub other: Option<Box<Tree>>,
}

/// The errors of [`Forms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum FormsError {
    /// The text `SELF`.
    #[fault("SELF")]
    Self_,
    /// The text `{} of ??/ %d`.
    #[fault("{} of ??/ %d")]
    None,
}

/// The time limit of `nested`, for `within`.
pub const NESTED_TIMEOUT: std::time::Duration =
    std::time::Duration::from_millis(3600000);

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdauT_O\xdb0\x10\x7f\xef\xa78\xa1\xed\x8d\xd4M\xdb\x94R!\xca6\xc1\x13\x03\x89!\xede\x0f\xb8\
    \xce\x05,\x12;\xb2\x9d\xb5\x15\xe2\xbb\xef\xec\xfc\xd1\x1cA\xd4\xc6\xbe\xbb\xdf\xfd\xbf\x0bc\
    \x0c\xae,\x9a\xbfR\x20\x9c\x15i\xb1*\xd6\x98,\xf3\xb9H\x96\"\xcb\x92\xf3\"\xe3I\xb6\x9b\x15\xeb\
    \xddB\xa4\xf9,\x83t\xba\x980\xc6\xfc\x1f\x1e\x8f5\xdaSP\xbcB\x0b\\\xe5\x20tU\xa1r\x16\xa4\x82F5\
    \xb6\xe1%\x14\xdaTv:\x91\xca\xa1)8\xb9\xb9\xf1\x8c\xcd\x04\xc0\x9b\xb8\x92*\xc7\x03\xccz\xd2\
    \xbd\x18\xbd\xb7\xf0\xeb\xfa\xf6f\xc4\xba\xbb\xbf\xbb\x86\x93\xb7w\xd0\x05l\xb7\x0c\xbe\xe6'-\
    \xa2\xc3\xfd\xd09z\xbf\xbc\x8f\x02\xa4\x05\xa5\x1d1\x1cZ\xe7\xd5\x1e\x1a\xeb6\x91\xd2\xd3\xd3Sw\
    k\xc3,Q\x8d%\x1d\xed\x9f\x16\xa3p\x1fI\x12\xb8W\xb8\x81?\xcd\xdb2}\x0fe\xf8Bf\xa6$\xa5\x03\x92K\
    \x0a\xca\xc5\xd9\xa6D\x92\x15/{4\x88\xb1pNdat\x958<8\xf0/f\x9d\x91\xea\xb9\x87oc\xfc\x82H\xf2\
    \xa0;<\x01\x98Gyt\xab\x17\xc3\x97CYe\x85\xbaq\xb0X\xcd\xfcS\xd9A@]\x85\x1c\xb1\x86\x9f\xbc\xbe\
    \x20\xd3\xa7\xe1\xd2\x1a;\x85[i\xdd\xc5\x20\x09\x01]^\xd2/R'\xe7\x017\x80?\xd6\xfe~t\xf8\xcd\
    \x18~$}z\xb6\xa1.\xd6a\x1e\xfc3\xc2\xf5\x96FIgDV\\\x1d\xa1N\x19Y\x82z\xee\x8f-\xd4\x0b\xe6\xd1P\
    /\xbd\xf2\x16\x92\xa4\xce\xd8N\xeb\x12\xea\x15+J\xcd\x9dg\x9du\x15%\xfc\x9a\x0d1@}\xceZ\x93\xb3\
    \xb6\x82u\x9a\x86\x0b\xc1\xd2y\xeb&]t\xe7\xb2;\xb3pR\x90\xa4\x19\x87\xb8\"r\xcf\xcbW/\xfcMg\xd8\
    \x98+\x83V7F\xe0\x7f\xfb\xe0\x85\xa3u8\x8b\x06\xec\x01]c\x94\xdf0\xed^\xd0@o\xc3\x8f41\xc0\xd2\
    \xfe\xc1+i\xfa\x99\xe3\xcf\\\xaa\xde\xe7\xa8jk\"\x91\xe6\x93\xa4\xd7*\x8fe\xe7\xa1\xf6\x077\x1a\
    \xd8\xc0J\xc7\xbd\x1d\x1a\x18\xda\xd9\xcf@g!\xa1\x06\xd6\x1dj\x08@\x94\xda\xfaA\xb7N\x07\x99\
    \xd2\x0a?\xad\x08\x057\x14\x84r\x96\x85\x14\xdcI\xedWS\xab\xc4W\xc1\xaf\x83\xe0e\xb9\xe3\xe2\
    \x95\xdd\xf2j\x97\xf3\xb1U\xa1M>\x11%\xb76\x0c\xe9&\xcaa\x88;D-^d\x99\x1bT,\x9a\xb4\x00\xfc|\
    \x05\xa2\xd4\xbb\xec\xfd\x87\x90ui\x87^\xb1~a\x85V\xa4\xdd\x08\xa7\x0dL{\x7f0m?\x9d\xd3\x80\xdd\
    L\xfe\x01\x0eZ\xa2\xe3";
