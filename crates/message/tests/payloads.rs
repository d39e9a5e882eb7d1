//! Properties of the encoding, and invalid input.

mod oracle;

use std::collections::BTreeMap;

use lucarne_message::{
    Buffer, Bytes, DecodeError, EncodeError, Encoder, INLINE_BYTES_MAX, MAX_DEPTH, Payload, Sink, Token,
    Value, from_payload, to_payload,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-200..200_i64).prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        ".{0,40}".prop_map(Value::String),
        prop::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| Value::Bytes(bytes.into())),
        (INLINE_BYTES_MAX - 1..INLINE_BYTES_MAX + 2).prop_map(|len| Value::Bytes(vec![1; len].into())),
    ];
    leaf.prop_recursive(6, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::List),
            prop::collection::vec((inner.clone(), inner), 0..20).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(value in values()) {
        oracle::round_trip(&value);
        if !format!("{value:?}").contains("NaN") {
            prop_assert_eq!(Payload::from_value(&value).unwrap().into_value().unwrap(), value);
        }
    }

    #[test]
    fn garbage_is_refused_in_peace(input in prop::collection::vec(any::<u8>(), 0..300)) {
        oracle::check(&input);
    }

    #[test]
    fn damaged_payloads_are_refused_in_peace(value in values(), place in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
        let mut input = vec![0];
        input.extend_from_slice(Payload::from_value(&value).unwrap().bytes());
        let index = place.index(input.len());
        input[index] = byte;
        oracle::check(&input);
        input.truncate(cut.index(input.len() + 1));
        oracle::check(&input);
    }
}

#[test]
fn single_bytes_and_pairs_do_not_panic() {
    for first in 0..=255 {
        for second in 0..=255 {
            oracle::check(&[1, first, second]);
        }
    }
}

#[test]
fn whole_arrays_above_the_limit_travel_beside() {
    let encode = |len: usize| Payload::from_value(&Value::Bytes(vec![7; len].into())).unwrap();
    assert_eq!(encode(INLINE_BYTES_MAX).buffers().len(), 0);
    assert_eq!(encode(INLINE_BYTES_MAX + 1).buffers().len(), 1);
    assert_eq!(encode(INLINE_BYTES_MAX + 1).bytes().len(), 1);
    assert_eq!(encode(INLINE_BYTES_MAX + 1).size(), INLINE_BYTES_MAX + 2);
}

#[test]
fn a_buffer_arrives_as_it_was_sent() {
    let buffer = Buffer::copy_of(&vec![7; 100_000]).unwrap();
    let address = buffer.as_slice().as_ptr();
    let mut encoder = Encoder::new();
    encoder.buffer(buffer).unwrap();
    let mut payload = encoder.finish().unwrap();
    let mut decoder = payload.decoder();
    let Some(Token::Buffer(buffer)) = decoder.next().unwrap() else { panic!("a buffer") };
    decoder.finish().unwrap();
    assert_eq!(buffer.as_slice().as_ptr(), address);
}

#[test]
fn lengths_beyond_the_message_are_refused() {
    let refused = |bytes: &[u8]| Payload::from_parts(bytes, Vec::new()).into_value().unwrap_err();
    // A list of 2^35 - 1 items in a message of seven bytes.
    assert_eq!(refused(&[0xc8, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]), DecodeError::LengthTooLarge);
    // A map of two entries needs four values.
    assert_eq!(refused(&[0xb2, 1, 2, 3]), DecodeError::LengthTooLarge);
    assert_eq!(refused(&[0xc5, 0xff, 0x7f, b'x']), DecodeError::Truncated);
    assert_eq!(
        refused(&[0xc3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]),
        DecodeError::NumberTooLarge
    );
}

#[test]
fn depth_is_bounded_on_both_sides() {
    let mut deep = Value::Null;
    for _ in 0..=MAX_DEPTH {
        deep = Value::List(vec![deep]);
    }
    assert_eq!(Payload::from_value(&deep).unwrap_err(), EncodeError::NestingTooDeep);
    let Value::List(mut items) = deep else { unreachable!() };
    Payload::from_value(&items.pop().unwrap()).unwrap().into_value().unwrap();
    // A sender that breaks the rules.
    let bytes = vec![0xa1; 100_000];
    assert_eq!(
        Payload::from_parts(&bytes, Vec::new()).into_value().unwrap_err(),
        DecodeError::NestingTooDeep
    );
}

#[test]
fn left_over_parts_are_refused() {
    let refused = |bytes: &[u8], buffers| Payload::from_parts(bytes, buffers).into_value().unwrap_err();
    assert_eq!(refused(&[1, 2], Vec::new()), DecodeError::TrailingData);
    assert_eq!(refused(&[1], vec![Buffer::zeroed(1).unwrap()]), DecodeError::TrailingData);
    assert_eq!(refused(&[0xc7], Vec::new()), DecodeError::MissingBuffer);
    assert_eq!(refused(&[], Vec::new()), DecodeError::Truncated);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Segment(i64, i64),
    Rectangle { width: u32, height: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Drawing {
    title: String,
    shapes: Vec<Shape>,
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
    sizes: BTreeMap<String, (u8, i16)>,
    #[serde(flatten)]
    rest: BTreeMap<String, i64>,
}

#[test]
fn serde_types_travel() {
    let drawing = Drawing {
        title: "house".into(),
        shapes: vec![
            Shape::Point,
            Shape::Circle(1.5),
            Shape::Segment(-1, i64::MAX),
            Shape::Rectangle { width: 3, height: 4 },
        ],
        author: None,
        note: None,
        sizes: BTreeMap::from([("a".into(), (1, -1)), ("b".into(), (255, 300))]),
        rest: BTreeMap::from([("x".into(), 7)]),
    };
    let payload = to_payload(&drawing).unwrap();
    assert_eq!(from_payload::<Drawing>(payload).unwrap(), drawing);
}

#[test]
fn serde_types_look_like_values() {
    let payload = to_payload(&(1, "a", Some(true), Shape::Rectangle { width: 3, height: 4 })).unwrap();
    let sides = vec![("width".into(), 3.into()), ("height".into(), 4.into())];
    let rectangle = Value::Map(vec![("Rectangle".into(), Value::Map(sides))]);
    assert_eq!(
        payload.into_value().unwrap(),
        Value::List(vec![1.into(), "a".into(), true.into(), rectangle])
    );
}

#[test]
fn serde_refuses_what_does_not_fit() {
    let refused = |error: EncodeError| error.to_string();
    assert_eq!(refused(to_payload(&u64::MAX).unwrap_err()), "the u64 18446744073709551615 cannot travel");
    assert_eq!(refused(to_payload(&1_i128).unwrap_err()), "the i128 1 cannot travel");
    assert_eq!(refused(to_payload(&Some(None::<i64>)).unwrap_err()), "Some(None) cannot travel");
    assert_eq!(refused(to_payload(&vec![Some(())]).unwrap_err()), "Some(()) cannot travel");
    assert_eq!(refused(to_payload(&vec![1_u8, 2]).unwrap_err()), "a Vec<u8> (use Bytes) cannot travel");
    assert!(to_payload(&(1_u8, [2_u8; 2], vec![(3_u8, 4_u8)])).is_ok());
    assert!(from_payload::<u8>(to_payload(&256).unwrap()).is_err());
    assert!(from_payload::<String>(to_payload(&1).unwrap()).is_err());
    assert!(from_payload::<(i64, i64)>(to_payload(&[1, 2, 3]).unwrap()).is_err());
    assert!(from_payload::<Shape>(to_payload("Square").unwrap()).is_err());
}

#[test]
fn arguments_are_counted() {
    fn read<T: for<'de> Deserialize<'de>>(value: Value, count: usize) -> Result<T, String> {
        let mut payload = Payload::from_value(&value).unwrap();
        let mut decoder = payload.decoder();
        let arguments = decoder.deserialize_arguments(count).map_err(|error| error.to_string())?;
        decoder.finish().map_err(|error| error.to_string())?;
        Ok(arguments)
    }
    type Two = (Option<i64>, Option<i64>);
    assert_eq!(read::<()>(Value::Null, 0), Ok(()));
    assert_eq!(read::<Two>(Value::Null, 2), Ok((None, None)));
    assert_eq!(read::<Two>(Value::Int(7), 2), Ok((Some(7), None)));
    assert_eq!(read::<Two>(Value::List(vec![Value::Int(7), Value::Int(8)]), 2), Ok((Some(7), Some(8))));
    let refused = read::<Two>(Value::List(vec![Value::Null; 3]), 2).unwrap_err();
    assert!(refused.contains("3 arguments instead of 2"), "{refused}");
    for value in [Value::Int(7), Value::List(vec![Value::Int(7)])] {
        let refused = read::<()>(value, 0).unwrap_err();
        assert!(refused.contains("1 arguments instead of 0"), "{refused}");
    }
}

#[test]
fn bytes_in_serde_types_are_not_copied() {
    for bytes in [Bytes::from(vec![1; 50_000]), Bytes::sealed(&[1; 50_000]).unwrap()] {
        let address = bytes.as_ptr();
        let sent = (1, Some(bytes.clone()), vec![bytes]);
        let payload = to_payload(&sent).unwrap();
        assert!(payload.buffers().iter().all(|buffer| buffer.as_slice().as_ptr() == address));
        let received: (i64, Option<Bytes>, Vec<Bytes>) = from_payload(payload).unwrap();
        assert_eq!(received, sent);
        assert!(received.1.iter().chain(&received.2).all(|bytes| bytes.as_ptr() == address));
    }
    assert!(from_payload::<Bytes>(to_payload(&()).unwrap()).is_err());
    assert!(from_payload::<Bytes>(to_payload("text").unwrap()).is_err());
}

#[test]
fn sealed_bytes_stay_sealed_until_they_are_written() {
    let sealed = Bytes::sealed(&[7; 40_000]).unwrap();
    let mut payload = to_payload(&sealed).unwrap();
    let mut buffer = payload.take_buffers().remove(0);
    assert!(buffer.as_sealed().is_some());
    buffer.as_mut_slice().unwrap()[0] = 8;
    assert_eq!((buffer.as_slice()[0], sealed[0]), (8, 7));
}

#[test]
fn shared_bytes_are_not_copied() {
    let bytes = Bytes::from(vec![1; 50_000]);
    let payload = Payload::from_value(&Value::Bytes(bytes.clone())).unwrap();
    let Value::Bytes(received) = payload.into_value().unwrap() else { panic!("bytes") };
    assert_eq!(received.as_ptr(), bytes.as_ptr());
}

/// One field of every kind that can travel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    truth: bool,
    numbers: (u8, i8, u16, i16, u32, i32, i64),
    large: u64,
    fractions: (f32, f64),
    text: String,
    letter: char,
    bytes: Bytes,
    maybe: Option<i64>,
    nothing: (),
    kinds: Vec<Kind>,
    named: BTreeMap<String, Option<(i64, String)>>,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    New(i64),
    Tuple(bool, String),
    Struct { left: Option<i64>, right: Vec<i64> },
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Unit),
        any::<i64>().prop_map(Kind::New),
        (any::<bool>(), ".*").prop_map(|(truth, text)| Kind::Tuple(truth, text)),
        (any::<Option<i64>>(), any::<Vec<i64>>()).prop_map(|(left, right)| Kind::Struct { left, right }),
    ]
}

prop_compose! {
    fn everything()(
        scalars in any::<(bool, (u8, i8, u16, i16, u32, i32, i64), Option<i64>, char)>(),
        large in 0..=i64::MAX as u64,
        fractions in (-1e30_f32..1e30, -1e300_f64..1e300),
        text in ".*",
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..50), Just(vec![7; 40_000])],
        kinds in prop::collection::vec(kinds(), 0..5),
        named in any::<BTreeMap<String, Option<(i64, String)>>>(),
        value in values(),
    ) -> Everything {
        let (truth, numbers, maybe, letter) = scalars;
        let bytes = bytes.into();
        Everything {
            truth, numbers, large, fractions, text, letter, bytes, maybe, nothing: (), kinds, named, value,
        }
    }
}

proptest! {
    #[test]
    fn serde_types_arrive_as_they_were(sent in everything()) {
        let received: Everything = from_payload(to_payload(&sent).unwrap()).unwrap();
        prop_assert_eq!(received, sent);
    }

    #[test]
    fn a_value_is_its_own_serde_type(sent in values()) {
        let encoded = to_payload(&sent).unwrap();
        prop_assert_eq!(encoded.into_value().unwrap(), sent.clone());
        let received: Value = from_payload(Payload::from_value(&sent).unwrap()).unwrap();
        prop_assert_eq!(received, sent);
    }
}
