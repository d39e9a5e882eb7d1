//! The natives of integers. If the right operand is a float, arithmetic converts the left operand to a float, but
//! comparisons are exact.

use std::cmp::Ordering;

use super::hash::Hasher;
use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("add", 2, |call| arithmetic(call, i64::wrapping_add, |left, right| left + right)),
    ("subtract", 2, |call| arithmetic(call, i64::wrapping_sub, |left, right| left - right)),
    ("multiply", 2, |call| arithmetic(call, i64::wrapping_mul, |left, right| left * right)),
    ("divide", 2, |call| division(call, i64::wrapping_div, |left, right| left / right)),
    ("modulo", 2, |call| division(call, i64::wrapping_rem, |left, right| left % right)),
    ("negate", 1, |call| unary(call, i64::wrapping_neg)),
    ("bit-not", 1, |call| unary(call, |value| !value)),
    ("bit-and", 2, |call| bitwise(call, |left, right| left & right)),
    ("bit-or", 2, |call| bitwise(call, |left, right| left | right)),
    ("bit-xor", 2, |call| bitwise(call, |left, right| left ^ right)),
    ("shift-left", 2, |call| shift(call, |value, bits| value.checked_shl(bits).unwrap_or(0))),
    ("shift-right", 2, |call| shift(call, |value, bits| value >> bits.min(63))),
    ("shift-right-unsigned", 2, |call| {
        shift(call, |value, bits| (value as u64).checked_shr(bits).unwrap_or(0) as i64)
    }),
    ("equals", 2, equals),
    ("less", 2, |call| compare(call, Ordering::is_lt)),
    ("less-or-equal", 2, |call| compare(call, Ordering::is_le)),
    ("greater", 2, |call| compare(call, Ordering::is_gt)),
    ("greater-or-equal", 2, |call| compare(call, Ordering::is_ge)),
    ("hash", 1, |call| Ok(Ref::small(Hasher::of(call.heap).int(call.int(0)?).into()))),
    ("leading-zeros", 1, |call| count(call, i64::leading_zeros)),
    ("trailing-zeros", 1, |call| count(call, i64::trailing_zeros)),
    ("population-count", 1, |call| count(call, i64::count_ones)),
    ("to-string", 1, to_string),
    ("to-radix", 2, to_radix),
    ("to-unsigned", 2, to_unsigned),
    ("parse", 4, parse),
];

fn arithmetic<'c>(
    call: &'c mut Call<'_>,
    ints: fn(i64, i64) -> i64,
    floats: fn(f64, f64) -> f64,
) -> Result<Ref<'c>, Failure> {
    let left = call.int(0)?;
    if let Some(right) = call.heap.int(call.argument(1)) {
        return Ok(call.heap.new_int(ints(left, right))?.get());
    }
    let right = call.float(1).map_err(|_| call.not_a_number(1))?;
    Ok(call.heap.new_float(floats(left as f64, right))?.get())
}

fn division<'c>(
    call: &'c mut Call<'_>,
    ints: fn(i64, i64) -> i64,
    floats: fn(f64, f64) -> f64,
) -> Result<Ref<'c>, Failure> {
    if call.heap.int(call.argument(1)) == Some(0) {
        return Err(Failure::Error("DIVISION_BY_ZERO"));
    }
    arithmetic(call, ints, floats)
}

fn unary<'c>(call: &'c mut Call<'_>, operation: fn(i64) -> i64) -> Result<Ref<'c>, Failure> {
    let result = operation(call.int(0)?);
    Ok(call.heap.new_int(result)?.get())
}

fn bitwise<'c>(call: &'c mut Call<'_>, operation: fn(i64, i64) -> i64) -> Result<Ref<'c>, Failure> {
    let result = operation(call.int(0)?, call.int(1)?);
    Ok(call.heap.new_int(result)?.get())
}

fn shift<'c>(call: &'c mut Call<'_>, operation: fn(i64, u32) -> i64) -> Result<Ref<'c>, Failure> {
    let bits = call.int(1)?;
    if bits < 0 {
        return Err(Failure::Error("NEGATIVE_ARGUMENT"));
    }
    let result = operation(call.int(0)?, bits.min(64) as u32);
    Ok(call.heap.new_int(result)?.get())
}

fn count<'c>(call: &'c mut Call<'_>, operation: fn(i64) -> u32) -> Result<Ref<'c>, Failure> {
    Ok(Ref::small(operation(call.int(0)?).into()))
}

fn equals<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let left = call.int(0)?;
    let other = call.argument(1);
    let equal = match (call.heap.int(other), call.heap.float(other)) {
        (Some(right), _) => left == right,
        (None, Some(right)) => order(left, right) == Some(Ordering::Equal),
        (None, None) => false,
    };
    Ok(Ref::bool(equal))
}

fn compare<'c>(call: &'c mut Call<'_>, holds: fn(Ordering) -> bool) -> Result<Ref<'c>, Failure> {
    let left = call.int(0)?;
    let order = match call.heap.int(call.argument(1)) {
        Some(right) => Some(left.cmp(&right)),
        None => order(left, call.float(1).map_err(|_| call.not_a_number(1))?),
    };
    Ok(Ref::bool(order.is_some_and(holds)))
}

/// Returns the exact order of an integer and a float; converting either would round.
pub fn order(left: i64, right: f64) -> Option<Ordering> {
    /// 2 to the power of 63: the first float beyond all integers.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if right.is_nan() {
        return None;
    }
    if right >= LIMIT {
        return Some(Ordering::Less);
    }
    if right < -LIMIT {
        return Some(Ordering::Greater);
    }
    let whole = right.trunc();
    // If the whole parts are equal, the fraction decides.
    Some(left.cmp(&(whole as i64)).then_with(|| whole.partial_cmp(&right).unwrap_or(Ordering::Equal)))
}

fn to_string<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.int(0)?.to_string();
    Ok(call.heap.new_string(&text)?.get())
}

fn to_radix<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value = call.int(0)?;
    let digits = digits(value.unsigned_abs(), radix(call, 1)?);
    let text = if value < 0 { format!("-{digits}") } else { digits };
    Ok(call.heap.new_string(&text)?.get())
}

fn to_unsigned<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = digits(call.int(0)? as u64, radix(call, 1)?);
    Ok(call.heap.new_string(&text)?.get())
}

fn radix(call: &Call<'_>, index: usize) -> Result<u32, Failure> {
    let radix = u32::try_from(call.int(index)?).map_err(|_| Failure::OUT_OF_RANGE)?;
    if (2..=36).contains(&radix) { Ok(radix) } else { Err(Failure::OUT_OF_RANGE) }
}

fn digits(mut value: u64, radix: u32) -> String {
    let mut reversed = Vec::new();
    loop {
        let digit = (value % u64::from(radix)) as u32;
        reversed.push(char::from_digit(digit, radix).unwrap_or('?'));
        value /= u64::from(radix);
        if value == 0 {
            return reversed.into_iter().rev().collect();
        }
    }
}

fn parse<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let data = call.data(0)?;
    let range = call.range(1, 2, data.len())?;
    let radix = if call.int(3)? == 0 { 0 } else { radix(call, 3)? };
    let value = read(&data[range], radix)?;
    Ok(call.heap.new_int(value)?.get())
}

/// Reads an integer; radix 0 means decimal unless a prefix says otherwise.
pub(super) fn read(text: &[u8], radix: u32) -> Result<i64, Failure> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (radix, rest) = match (radix, rest) {
        (0, [b'0', b'x' | b'X', rest @ ..]) => (16, rest),
        (0, [b'0', b'b' | b'B', rest @ ..]) => (2, rest),
        (0, rest) => (10, rest),
        (radix, rest) => (radix, rest),
    };
    let magnitude = read_digits(rest, radix)?;
    let value = if negative { 0_i128 - i128::from(magnitude) } else { i128::from(magnitude) };
    i64::try_from(value).map_err(|_| Failure::OUT_OF_RANGE)
}

fn read_digits(text: &[u8], radix: u32) -> Result<u64, Failure> {
    const PARSING_ERROR: Failure = Failure::Error("INTEGER_PARSING_ERROR");
    let is_separated_twice = text.windows(2).any(|pair| pair == b"__");
    if text.is_empty() || text.first() == Some(&b'_') || text.last() == Some(&b'_') || is_separated_twice {
        return Err(PARSING_ERROR);
    }
    let mut value: Option<u64> = Some(0);
    for byte in text {
        if *byte == b'_' {
            continue;
        }
        let digit = char::from(*byte).to_digit(radix).ok_or(PARSING_ERROR)?;
        // Errors of form come before those of size, so this goes on to the end.
        value = value
            .and_then(|value| value.checked_mul(radix.into()))
            .and_then(|value| value.checked_add(digit.into()));
    }
    value.ok_or(Failure::OUT_OF_RANGE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_is_exact_at_the_limits() {
        let near = 9_223_372_036_854_774_784.0; // The greatest float below 2^63.
        assert_eq!(order(i64::MAX, near), Some(Ordering::Greater));
        assert_eq!(order(i64::MAX, 9_223_372_036_854_775_808.0), Some(Ordering::Less));
        assert_eq!(order(i64::MIN, -9_223_372_036_854_775_808.0), Some(Ordering::Equal));
        assert_eq!(order(2, 2.5), Some(Ordering::Less));
        assert_eq!(order(-2, -2.5), Some(Ordering::Greater));
        assert_eq!(order(0, -0.0), Some(Ordering::Equal));
        assert_eq!(order(0, f64::NAN), None);
    }

    #[test]
    fn reads_integers() {
        assert_eq!(read(b"-0x10", 0).ok(), Some(-16));
        assert_eq!(read(b"1_000", 0).ok(), Some(1000));
        assert_eq!(read(b"-9223372036854775808", 0).ok(), Some(i64::MIN));
        for (text, error) in [
            (&b"9223372036854775808"[..], "OUT_OF_RANGE"),
            (b"", "INTEGER_PARSING_ERROR"),
            (b"-", "INTEGER_PARSING_ERROR"),
            (b"_1", "INTEGER_PARSING_ERROR"),
            (b"1_", "INTEGER_PARSING_ERROR"),
            (b"1__2", "INTEGER_PARSING_ERROR"),
            (b"0x_1", "INTEGER_PARSING_ERROR"),
            (b"-_1", "INTEGER_PARSING_ERROR"),
            (b"99999999999999999999x", "INTEGER_PARSING_ERROR"),
        ] {
            assert!(matches!(read(text, 0), Err(Failure::Error(text)) if text == error));
        }
    }

    proptest! {
        #[test]
        fn decimal_texts_read_back(value: i64) {
            prop_assert_eq!(read(value.to_string().as_bytes(), 10).ok(), Some(value));
        }

        #[test]
        fn what_does_not_fit_is_out_of_range(beyond in 1_i128..1 << 70) {
            for value in [i128::from(i64::MAX) + beyond, i128::from(i64::MIN) - beyond] {
                let result = read(value.to_string().as_bytes(), 10);
                prop_assert!(matches!(result, Err(Failure::Error("OUT_OF_RANGE"))));
            }
        }

        #[test]
        fn reading_never_fails_hard(text in "[-0-9xXbBa-z_]{0,70}", radix in 2_u32..=36) {
            let _ = read(text.as_bytes(), radix);
            let _ = read(text.as_bytes(), 0);
        }
    }
}
