//! Integers of any size. Toit code passes an integer as a sign and the bytes of the absolute value, the highest byte
//! first. A result is one byte array: its first byte is 1 if the result is negative and otherwise 0, then comes the
//! absolute value.

use num_bigint::{BigInt, BigUint, Sign};

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("add", 4, |call| operate(call, |a, b| Ok(a + b))),
    ("subtract", 4, |call| operate(call, |a, b| Ok(a - b))),
    ("multiply", 4, |call| operate(call, |a, b| Ok(a * b))),
    ("divide", 4, |call| operate(call, |a, b| a.checked_div(b).ok_or(DIVISION_BY_ZERO))),
    ("modulo", 4, |call| operate(call, modulo)),
    ("power", 6, power),
];

/// The maximum size of an operand: an operation on two operands of this size takes some milliseconds.
const OPERAND_BYTES_MAX: usize = 32 * 1024;
/// The largest exponent and modulus of a power, in bytes. The time of a power grows with the cube of their size.
const POWER_BYTES_MAX: usize = 512;
/// The number of products of two words that cost a unit: multiplying two words of 64 bits takes about a nanosecond.
const WORD_PRODUCTS_PER_UNIT: usize = 8;

const DIVISION_BY_ZERO: Failure = Failure::Error("DIVISION_BY_ZERO");

/// Reads the number from two arguments: whether it is negative, and its bytes.
fn number(call: &Call<'_>, index: usize) -> Result<BigInt, Failure> {
    let (is_negative, bytes) = (call.bool(index)?, call.bytes(index + 1)?);
    if bytes.len() > OPERAND_BYTES_MAX {
        return Err(Failure::OutOfMemory);
    }
    let sign = if is_negative { Sign::Minus } else { Sign::Plus };
    Ok(BigInt::from_biguint(sign, BigUint::from_bytes_be(bytes)))
}

fn words(number: &BigInt) -> usize {
    number.bits() as usize / 64 + 1
}

/// `a-negative a-bytes b-negative b-bytes`
fn operate<'c>(
    call: &'c mut Call<'_>,
    operation: fn(&BigInt, &BigInt) -> Result<BigInt, Failure>,
) -> Result<Ref<'c>, Failure> {
    let (a, b) = (number(call, 0)?, number(call, 2)?);
    call.charge(words(&a) * words(&b) / WORD_PRODUCTS_PER_UNIT);
    let result = operation(&a, &b)?;
    new_number(call, &result)
}

/// Returns the remainder that is not negative.
fn modulo(a: &BigInt, b: &BigInt) -> Result<BigInt, Failure> {
    if b.sign() == Sign::Minus {
        return Err(Failure::Error("NEGATIVE_ARGUMENT"));
    }
    if b.sign() == Sign::NoSign {
        return Err(DIVISION_BY_ZERO);
    }
    let remainder = a % b;
    Ok(if remainder.sign() == Sign::Minus { remainder + b } else { remainder })
}

/// `base-negative base-bytes exponent-negative exponent-bytes modulus-negative modulus-bytes`
fn power<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (base, exponent, modulus) = (number(call, 0)?, number(call, 2)?, number(call, 4)?);
    if exponent.sign() == Sign::Minus || modulus.sign() != Sign::Plus {
        return Err(Failure::INVALID_ARGUMENT);
    }
    let size = exponent.bits().max(modulus.bits()).div_ceil(8) as usize;
    if size > POWER_BYTES_MAX {
        return Err(Failure::OutOfMemory);
    }
    let products = exponent.bits() as usize * words(&modulus) * words(&modulus);
    call.charge(products / WORD_PRODUCTS_PER_UNIT);
    // The base is reduced first, since its size has another limit.
    let base = modulo(&base, &modulus)?;
    new_number(call, &base.modpow(&exponent, &modulus))
}

fn new_number<'c>(call: &'c mut Call<'_>, number: &BigInt) -> Result<Ref<'c>, Failure> {
    let (sign, magnitude) = number.to_bytes_be();
    // Zero has no bytes.
    let magnitude = if sign == Sign::NoSign { &[][..] } else { &magnitude };
    let mut bytes = vec![u8::from(sign == Sign::Minus)];
    bytes.extend_from_slice(magnitude);
    Ok(call.heap.new_bytes_from(&bytes)?.get())
}
