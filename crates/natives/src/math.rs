//! The natives of mathematical functions, such as sines and powers.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("sin", 1, |call| unary(call, f64::sin)),
    ("cos", 1, |call| unary(call, f64::cos)),
    ("tan", 1, |call| unary(call, f64::tan)),
    ("sinh", 1, |call| unary(call, f64::sinh)),
    ("cosh", 1, |call| unary(call, f64::cosh)),
    ("tanh", 1, |call| unary(call, f64::tanh)),
    ("asin", 1, |call| unary(call, f64::asin)),
    ("acos", 1, |call| unary(call, f64::acos)),
    ("atan", 1, |call| unary(call, f64::atan)),
    ("exp", 1, |call| unary(call, f64::exp)),
    ("log", 1, |call| unary(call, f64::ln)),
    ("atan2", 2, |call| binary(call, f64::atan2)),
    ("pow", 2, |call| binary(call, f64::powf)),
];

fn unary<'c>(call: &'c mut Call<'_>, function: fn(f64) -> f64) -> Result<Ref<'c>, Failure> {
    let result = function(call.number(0)?);
    Ok(call.heap.new_float(result)?.get())
}

fn binary<'c>(call: &'c mut Call<'_>, function: fn(f64, f64) -> f64) -> Result<Ref<'c>, Failure> {
    let result = function(call.number(0)?, call.number(1)?);
    Ok(call.heap.new_float(result)?.get())
}
