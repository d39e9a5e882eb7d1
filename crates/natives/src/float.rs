//! The natives of floats, and those that integers and floats share.

use std::cmp::Ordering;

use super::hash::Hasher;
use super::{Call, Failure, Row, int};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("add", 2, |call| binary(call, |left, right| left + right)),
    ("subtract", 2, |call| binary(call, |left, right| left - right)),
    ("multiply", 2, |call| binary(call, |left, right| left * right)),
    ("divide", 2, |call| binary(call, |left, right| left / right)),
    ("modulo", 2, |call| binary(call, |left, right| left % right)),
    ("negate", 1, |call| unary(call, |value| if value.is_nan() { value } else { -value })),
    // NaN has no sign that operations could change.
    ("abs", 1, |call| unary(call, |value| if value.is_nan() { value } else { value.abs() })),
    ("ceil", 1, |call| unary(call, f64::ceil)),
    ("floor", 1, |call| unary(call, f64::floor)),
    ("truncate", 1, |call| unary(call, f64::trunc)),
    ("sqrt", 1, |call| unary(call, f64::sqrt)),
    ("from-num", 1, from_num),
    ("equals", 2, equals),
    ("less", 2, |call| relation(call, Ordering::is_lt)),
    ("less-or-equal", 2, |call| relation(call, Ordering::is_le)),
    ("greater", 2, |call| relation(call, Ordering::is_gt)),
    ("greater-or-equal", 2, |call| relation(call, Ordering::is_ge)),
    ("compare", 2, compare),
    ("sign", 1, sign),
    ("round", 1, |call| integral(call, f64::round)),
    ("to-int", 1, to_int),
    ("round-decimals", 2, round_decimals),
    ("bits", 1, bits),
    ("bits32", 1, bits32),
    ("from-bits", 1, from_bits),
    ("from-bits32", 1, from_bits32),
    ("hash", 1, |call| Ok(Ref::small(Hasher::of(call.heap).float(call.float(0)?).into()))),
    ("to-string", 1, to_string),
    ("to-precision", 2, to_precision),
    ("parse", 3, parse),
];

fn binary<'c>(call: &'c mut Call<'_>, operation: fn(f64, f64) -> f64) -> Result<Ref<'c>, Failure> {
    let right = call.number(1).map_err(|_| call.not_a_number(1))?;
    let result = operation(call.float(0)?, right);
    Ok(call.heap.new_float(result)?.get())
}

fn unary<'c>(call: &'c mut Call<'_>, operation: fn(f64) -> f64) -> Result<Ref<'c>, Failure> {
    let result = operation(call.float(0)?);
    Ok(call.heap.new_float(result)?.get())
}

fn from_num<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value = call.number(0)?;
    Ok(call.heap.new_float(value)?.get())
}

fn equals<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let left = call.float(0)?;
    let other = call.argument(1);
    let equal = match (call.heap.int(other), call.heap.float(other)) {
        (Some(right), _) => int::order(right, left) == Some(Ordering::Equal),
        (None, Some(right)) => left == right,
        (None, None) => false,
    };
    Ok(Ref::bool(equal))
}

fn relation<'c>(call: &'c mut Call<'_>, holds: fn(Ordering) -> bool) -> Result<Ref<'c>, Failure> {
    let left = call.float(0)?;
    let order = match call.heap.int(call.argument(1)) {
        Some(right) => int::order(right, left).map(Ordering::reverse),
        None => left.partial_cmp(&call.float(1).map_err(|_| call.not_a_number(1))?),
    };
    Ok(Ref::bool(order.is_some_and(holds)))
}

/// Compares two numbers in a total order: -0.0 comes before 0.0, and NaN after all other numbers.
fn compare<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (left, right) = (call.argument(0), call.argument(1));
    let order = match (call.heap.int(left), call.heap.int(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(left), None) => order_with_int(call.float(1)?, left).reverse(),
        (None, Some(right)) => order_with_int(call.float(0)?, right),
        (None, None) => order_of_floats(call.float(0)?, call.float(1)?),
    };
    Ok(Ref::small(order as i64))
}

fn order_of_floats(left: f64, right: f64) -> Ordering {
    match (left.is_nan(), right.is_nan()) {
        (false, false) => left.total_cmp(&right),
        (left, right) => left.cmp(&right),
    }
}

fn order_with_int(left: f64, right: i64) -> Ordering {
    let minus_zero = left == 0.0 && left.is_sign_negative();
    match int::order(right, left) {
        Some(Ordering::Equal) if minus_zero => Ordering::Less,
        Some(order) => order.reverse(),
        None => Ordering::Greater,
    }
}

fn sign<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value = call.float(0)?;
    let sign = if value.is_nan() {
        1
    } else if value.is_sign_negative() {
        -1
    } else {
        i64::from(value != 0.0)
    };
    Ok(Ref::small(sign))
}

fn integral<'c>(call: &'c mut Call<'_>, operation: fn(f64) -> f64) -> Result<Ref<'c>, Failure> {
    let value = operation(call.float(0)?);
    // Both limits are exact; the upper one is the first float that does not fit.
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        return Err(Failure::OUT_OF_RANGE);
    }
    Ok(call.heap.new_int(value as i64)?.get())
}

fn to_int<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    if call.float(0)?.is_nan() {
        return Err(Failure::INVALID_ARGUMENT);
    }
    integral(call, f64::trunc)
}

fn round_decimals<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let precision = call.int(1)?;
    if !(0..=ROUND_DECIMALS_MAX).contains(&precision) {
        return Err(Failure::INVALID_ARGUMENT);
    }
    let value = call.float(0)?;
    if value.is_nan() {
        return Err(Failure::OUT_OF_RANGE);
    }
    let value = round_to_decimals(value, precision as i32);
    Ok(call.heap.new_float(value)?.get())
}

/// The numbers from here on are integers.
const INTEGRAL_MIN: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;

/// The greatest number of decimals to which a float is rounded.
const ROUND_DECIMALS_MAX: i64 = 15;

fn round_to_decimals(value: f64, precision: i32) -> f64 {
    let factor = 10_f64.powi(precision);
    let scaled = value * factor;
    // A large number has no decimals, and scaling would make it inexact.
    if value.abs() < INTEGRAL_MIN { scaled.round() / factor } else { value }
}

fn bits<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bits = call.float(0)?.to_bits() as i64;
    Ok(call.heap.new_int(bits)?.get())
}

fn bits32<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bits = (call.float(0)? as f32).to_bits();
    Ok(Ref::small(bits.into()))
}

fn from_bits<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value = f64::from_bits(call.int(0)? as u64);
    Ok(call.heap.new_float(value)?.get())
}

fn from_bits32<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bits = u32::try_from(call.int(0)?).map_err(|_| Failure::OUT_OF_RANGE)?;
    Ok(call.heap.new_float(f32::from_bits(bits).into())?.get())
}

fn to_string<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = shortest(call.float(0)?);
    Ok(call.heap.new_string(&text)?.get())
}

fn to_precision<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value = call.float(0)?;
    let precision = usize::try_from(call.int(1)?).map_err(|_| Failure::OUT_OF_RANGE)?;
    if precision > PRECISION_MAX {
        return Err(Failure::OUT_OF_RANGE);
    }
    let text = match special(value) {
        Some(text) => text.to_owned(),
        // A float is never printed like an integer.
        None if precision == 0 => format!("{value:.0}.0"),
        None => format!("{value:.precision$}"),
    };
    Ok(call.heap.new_string(&text)?.get())
}

/// The greatest number of decimals that a text can have.
const PRECISION_MAX: usize = 64;

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("nan")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "inf" } else { "-inf" })
    } else {
        None
    }
}

/// Returns the shortest text that reads back as the number, with an exponent of at least two digits if the
/// decimal point would lie far away from the digits.
fn shortest(value: f64) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let is_tie_possible = decimals >= TIE_DECIMALS_MIN;
    if !(-6..21).contains(&exponent) {
        let exact = is_tie_possible.then(|| format!("{value:.decimals$e}"));
        let scientific = exact.filter(|exact| exact.parse() == Ok(value)).unwrap_or(scientific);
        let mantissa = scientific.split('e').next().unwrap_or_default();
        let sign = if exponent < 0 { "-" } else { "" };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let decimals = usize::try_from(decimals as i32 - exponent).unwrap_or(0);
    if decimals == 0 {
        return format!("{value}.0");
    }
    let exact = is_tie_possible.then(|| format!("{value:.decimals$}"));
    exact.filter(|exact| exact.parse() == Ok(value)).unwrap_or_else(|| value.to_string())
}

/// Two texts of the same length can be equally near to a number only if the mantissa has at least this many decimals.
/// The standard library's shortest form is then the greater one. Formatting with a given number of decimals gives the
/// one whose last digit is even.
const TIE_DECIMALS_MIN: usize = 15;

fn parse<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let data = call.data(0)?;
    let range = call.range(1, 2, data.len())?;
    if range.is_empty() {
        return Err(Failure::OUT_OF_RANGE);
    }
    let value = read(&data[range]).ok_or(Failure::Error("FLOAT_PARSING_ERROR"))?;
    Ok(call.heap.new_float(value)?.get())
}

pub(super) fn read(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let (sign, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match magnitude.strip_prefix("0x").or_else(|| magnitude.strip_prefix("0X")) {
        Some(digits) => read_hexadecimal(digits)?,
        // The sign has been read, but the standard parser would take a second one. It also takes the words for
        // infinity and NaN, which are allowed.
        None if magnitude.starts_with(['+', '-']) => return None,
        None => magnitude.parse().ok()?,
    };
    Some(if value.is_nan() { f64::NAN } else { sign * value })
}

/// Reads a number like `1f.8p-3`, without sign and prefix. Digits that do not fit into 64 bits count only for the scale
/// and for rounding.
fn read_hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['p', 'P']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    let mut scale = exponent;
    for digit in whole.chars() {
        push_hexadecimal(&mut value, &mut scale, digit.to_digit(16)?, 0);
    }
    for digit in fraction.chars() {
        push_hexadecimal(&mut value, &mut scale, digit.to_digit(16)?, 4);
    }
    Some(scale_by_power(value as f64, scale))
}

fn push_hexadecimal(value: &mut u64, scale: &mut i32, digit: u32, shift: i32) {
    if *value >> 59 == 0 {
        *value = *value << 4 | u64::from(digit);
        *scale = scale.saturating_sub(shift);
    } else {
        // No room: the digit's place counts, its value only for rounding.
        *value |= u64::from(digit != 0);
        *scale = scale.saturating_add(4 - shift);
    }
}

/// Returns the value times a power of two. Multiplies in steps, since the power alone may be too large or too small for
/// a float.
fn scale_by_power(mut value: f64, power: i32) -> f64 {
    let mut power = power.clamp(-3000, 3000);
    while power > 1000 {
        value *= 2_f64.powi(1000);
        power -= 1000;
    }
    while power < -1000 {
        value *= 2_f64.powi(-1000);
        power += 1000;
    }
    value * 2_f64.powi(power)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shortest_texts() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.0001, "0.0001"),
            (1e-10, "1e-10"),
            (1e-7, "1e-07"),
            (-1.5e-9, "-1.5e-09"),
            (1e21, "1e21"),
            (5e-324, "5e-324"),
            (12332.0, "12332.0"),
            (1e23, "1e23"),
            (123_434_343_242_432.0, "123434343242432.0"),
            (1.23456e-78, "1.23456e-78"),
            // Two texts are equally near.
            (1_321_846_267_536_273.0 / 8.0, "165230783442034.12"),
            (1_321_846_267_536_275.0 / 8.0, "165230783442034.38"),
            (-9_007_199_254_740_993.5, "-9007199254740994.0"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(shortest(value), text);
        }
    }

    #[test]
    fn reads_floats() {
        assert_eq!(read(b"+1.5"), Some(1.5));
        assert_eq!(read(b"-0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
        assert_eq!(read(b"0x123p15"), Some(f64::from(0x123 << 15)));
        assert_eq!(read(b"0x1.8"), Some(1.5));
        assert_eq!(read(b"0x1p-1074"), Some(5e-324));
        assert_eq!(read(b"0x1FFFFFFFFFFFFFp971"), Some(f64::MAX));
        assert_eq!(read(b"inf"), Some(f64::INFINITY));
        assert_eq!(read(b"-Infinity"), Some(f64::NEG_INFINITY));
        assert!(read(b"nan").is_some_and(f64::is_nan));
        for text in
            [&b"infi"[..], b"3.14x", b" 1", b"--1", b"0x", b"1e", b"+", b"+-1", b"1_0", b"0x1_0", b"0x1p1_0"]
        {
            assert_eq!(read(text), None);
        }
    }

    #[test]
    fn rounds_numbers_that_cannot_be_scaled() {
        assert_eq!(round_to_decimals(1.797e308, 2), 1.797e308);
        assert_eq!(round_to_decimals(2.379_932_460_252_578_8e250, 6), 2.379_932_460_252_578_8e250);
        assert_eq!(round_to_decimals(f64::NEG_INFINITY, 2), f64::NEG_INFINITY);
        assert_eq!(round_to_decimals(5e-324, 15), 0.0);
        assert_eq!(round_to_decimals(-0.04, 1).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(round_to_decimals(1.255, 1), 1.3);
    }

    /// Returns the number of decimal digits of a number, without the zeros at both ends.
    fn digits(text: &str) -> usize {
        let mantissa = text.split('e').next().unwrap_or_default();
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        digits.trim_matches('0').len()
    }

    proptest! {
        #[test]
        fn texts_read_back_as_the_same_number(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(read(shortest(value).as_bytes()).map(f64::to_bits), Some(bits));
        }

        #[test]
        fn no_shorter_text_does(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite() && value != 0.0);
            let count = digits(&shortest(value));
            // `count - 1` digits: the first one, and `count - 2` behind the point.
            prop_assume!(count >= 2);
            let shorter = format!("{value:.0$e}", count - 2);
            prop_assert_ne!(read(shorter.as_bytes()), Some(value));
        }

        #[test]
        fn decimals_are_read_exactly(whole in 0_u64..1 << 53, scale in 0_usize..16) {
            // Both operands are exact floats, so their quotient is rounded only once, as a number that is read must be.
            let text = format!("{whole}e-{scale}");
            let power = 10_u64.pow(scale as u32) as f64;
            prop_assert_eq!(read(text.as_bytes()), Some(whole as f64 / power));
        }

        #[test]
        fn reading_never_fails_hard(text in "[-+0-9xXa-fA-FpPe._]{0,24}") {
            read(text.as_bytes());
        }
    }
}
