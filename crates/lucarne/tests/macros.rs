//! Tests the code that the macros generate: any number of arguments, resources in any place, versions, errors.
#![allow(missing_docs, reason = "the traits are for this test alone")]

use lucarne::prelude::*;
use lucarne::{Fault, System};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[lucarne::service(uuid = "a4f2d0a6-5f0a-4f35-8c46-2d1f6a2f2a10", version = "1.2")]
pub trait Shop {
    type Basket: Basket;

    #[index(0)]
    async fn nothing(&self);
    #[index(1)]
    async fn three(&self, text: String, number: i64, maybe: Option<bool>) -> (String, i64, Option<bool>);
    #[index(2)]
    async fn who(&self, call: &Call, extra: i64) -> (i64, i64);
    #[index(3)]
    async fn baskets(&self, count: i64) -> Result<Vec<Resource<Self::Basket>>, ShopError>;
    #[index(4)]
    #[since(2)]
    async fn newest(&self) -> String;
    #[index(5)]
    async fn fail(&self, how: i64) -> Result<(), ShopError>;
    #[index(6)]
    async fn bytes(&self, bytes: Bytes) -> Bytes;
    #[index(7)]
    #[client(fn label(&self, texts: &[&str]))]
    async fn label(&self, texts: Vec<String>) -> String;
    #[index(8)]
    #[client(fn echo_as<T: DeserializeOwned>(&self, value: &impl Serialize) -> T)]
    async fn echo(&self, value: Value) -> Value;
    #[index(9)]
    #[client(fn join(&self, pair: (&str, &str)) -> Option<String> {
        let (left, right) = pair;
        (right, left)
    })]
    async fn join(&self, first: String, second: String) -> String;
    #[index(12)]
    async fn throw(&self, text: String) -> Result<i64, Thrown>;

    /// Not a method of the service, since it is not `async`.
    fn helper(&self) -> i64 {
        7
    }
}

#[lucarne::resource]
pub trait Basket {
    #[index(10)]
    async fn number(&self) -> i64;
    #[index(11)]
    async fn add(&self, what: String, count: i64) -> Result<String, ShopError>;
    #[index(13)]
    #[since(2)]
    #[client(fn weight_after(&self, more: u8) -> u16 { i64::from(more) })]
    async fn weight(&self, more: i64) -> Result<i64, ShopError>;
}

#[derive(Debug, PartialEq, Fault)]
pub enum ShopError {
    SoldOut,
    #[fault("We are closed")]
    Closed,
    #[fault(other)]
    Other(String),
}

struct Corner;
struct Wicker(i64);

impl Shop for Corner {
    type Basket = Wicker;

    async fn nothing(&self) {}

    async fn three(&self, text: String, number: i64, maybe: Option<bool>) -> (String, i64, Option<bool>) {
        (text, number, maybe)
    }

    async fn who(&self, call: &Call, extra: i64) -> (i64, i64) {
        (call.pid().as_i64(), extra)
    }

    async fn baskets(&self, count: i64) -> Result<Vec<Resource<Wicker>>, ShopError> {
        if count > 3 {
            return Err(ShopError::SoldOut);
        }
        Ok((0..count).map(|number| Wicker(number).resource()).collect())
    }

    async fn newest(&self) -> String {
        format!("new {}", self.helper())
    }

    async fn fail(&self, how: i64) -> Result<(), ShopError> {
        match how {
            0 => Err(ShopError::SoldOut),
            1 => Err(ShopError::Closed),
            _ => Err(ShopError::Other("odd".into())),
        }
    }

    async fn bytes(&self, bytes: Bytes) -> Bytes {
        bytes
    }

    async fn label(&self, texts: Vec<String>) -> String {
        texts.join("/")
    }

    async fn echo(&self, value: Value) -> Value {
        value
    }

    async fn join(&self, first: String, second: String) -> String {
        first + &second
    }

    async fn throw(&self, text: String) -> Result<i64, Thrown> {
        if text.is_empty() { Ok(0) } else { Err(Thrown::new(text)) }
    }
}

impl Basket for Wicker {
    async fn number(&self) -> i64 {
        self.0
    }

    async fn add(&self, what: String, count: i64) -> Result<String, ShopError> {
        if count < 0 { Err(ShopError::Closed) } else { Ok(format!("{count} {what} in {}", self.0)) }
    }

    async fn weight(&self, more: i64) -> Result<i64, ShopError> {
        if more > 99 { Err(ShopError::SoldOut) } else { Ok(self.0 + more) }
    }
}

fn shop() -> (System, Container, ShopClient) {
    let system = System::new();
    let house = system.container("house");
    house.provider("test/corner", "1.2").handle(ShopHandler::new(Corner)).install().wait().unwrap();
    let guest = system.container("guest");
    let client = ShopClient::open(&guest).wait().unwrap();
    (system, guest, client)
}

#[test]
fn arguments_and_results_travel() {
    let (_system, guest, shop) = shop();
    assert_eq!(shop.nothing().wait(), Ok(()));
    let three = ("text".to_owned(), -5, None);
    assert_eq!(shop.three("text".into(), -5, None).wait(), Ok(three));
    assert_eq!(shop.who(9).wait(), Ok((guest.pid().as_i64(), 9)));
    for size in [0, 10, 100_000] {
        let bytes = Bytes::from(vec![7; size]);
        assert_eq!(shop.bytes(bytes.clone()).wait(), Ok(bytes));
    }
}

#[test]
fn missing_arguments_at_the_end_are_null() {
    let (_system, _guest, shop) = shop();
    let pair = Value::List(vec!["text".into(), 3.into()]);
    let expected = Value::List(vec!["text".into(), 3.into(), Value::Null]);
    assert_eq!(shop.client().invoke(ShopClient::INDEX_THREE, pair).wait(), Ok(expected));
    let one = shop.client().invoke(ShopClient::INDEX_THREE, "text".into()).wait();
    assert!(matches!(one, Err(CallError::Thrown(_))), "a number is not null: {one:?}");
}

#[test]
fn resources_become_proxies_in_any_place() {
    let (_system, _guest, shop) = shop();
    let baskets = shop.baskets(3).wait().unwrap();
    let numbers: Vec<_> = baskets.iter().map(|basket| basket.number().wait().unwrap()).collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(baskets[1].add("pears".into(), 4).wait(), Ok("4 pears in 1".into()));
    assert_eq!(baskets[1].add("pears".into(), -1).wait(), Err(CallError::Provider(ShopError::Closed)));
    baskets[0].close().wait().unwrap();
    assert_eq!(baskets[0].number().wait(), Err(CallError::Closed));
    assert_eq!(shop.baskets(4).wait().unwrap_err(), CallError::Provider(ShopError::SoldOut));
}

#[test]
fn errors_are_mapped_to_texts_and_back() {
    let (_system, _guest, shop) = shop();
    assert_eq!(shop.fail(0).wait(), Err(CallError::Provider(ShopError::SoldOut)));
    assert_eq!(shop.fail(1).wait(), Err(CallError::Provider(ShopError::Closed)));
    assert_eq!(shop.fail(2).wait(), Err(CallError::Provider(ShopError::Other("odd".into()))));
    let text = |how: i64| match shop.client().invoke(ShopClient::INDEX_FAIL, how.into()).wait() {
        Err(CallError::Thrown(thrown)) => thrown.text().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!([text(0), text(1), text(2)], ["SOLD_OUT", "We are closed", "odd"]);
}

#[test]
fn clients_have_their_own_signatures() {
    let (_system, _guest, shop) = shop();
    assert_eq!(shop.label(&["pears", "ripe"]).wait(), Ok("pears/ripe".into()));
    assert_eq!(shop.echo_as::<Vec<i64>>(&(1, 2)).wait(), Ok(vec![1, 2]));
    assert_eq!(shop.echo_as(&()).wait(), Ok(None::<String>));
    assert_eq!(shop.join(("a", "b")).wait(), Ok(Some("ba".into())));
    let basket = shop.baskets(1).wait().unwrap().remove(0);
    assert_eq!(basket.weight_after(7).wait(), Ok(7_u16));
    assert_eq!(basket.weight_after(100).wait(), Err(CallError::Provider(ShopError::SoldOut)));
}

#[test]
fn errors_that_are_texts_have_no_type() {
    let (_system, _guest, shop) = shop();
    assert_eq!(shop.throw(String::new()).wait(), Ok(0));
    let failed: Result<i64, CallError> = shop.throw("ODD".into()).wait();
    assert_eq!(failed, Err(CallError::Thrown(Thrown::new("ODD"))));
}

#[test]
fn methods_of_resources_have_constants() {
    let (_system, _guest, shop) = shop();
    let basket = shop.baskets(2).wait().unwrap().remove(1);
    let number = basket.proxy().call(BasketProxy::INDEX_NUMBER, &basket.proxy().handle());
    assert_eq!(number.wait(), Ok::<i64, CallError>(1));
}

#[test]
fn an_older_provider_lacks_newer_methods() {
    let (_system, guest, shop) = shop();
    assert_eq!(shop.newest().wait(), Ok("new 7".into()));
    let old = ShopClient::open(&guest).minor(1).wait().unwrap();
    assert_eq!(old.newest().wait(), Err(CallError::Unimplemented));
    assert_eq!(old.nothing().wait(), Ok(()));
}
