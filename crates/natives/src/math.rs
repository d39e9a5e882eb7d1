//! The natives of mathematical functions, such as sines and powers.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("sin", |call| unary(call, f64::sin)),
    ("cos", |call| unary(call, f64::cos)),
    ("tan", |call| unary(call, f64::tan)),
    ("sinh", |call| unary(call, f64::sinh)),
    ("cosh", |call| unary(call, f64::cosh)),
    ("tanh", |call| unary(call, f64::tanh)),
    ("asin", |call| unary(call, f64::asin)),
    ("acos", |call| unary(call, f64::acos)),
    ("atan", |call| unary(call, f64::atan)),
    ("exp", |call| unary(call, f64::exp)),
    ("log", |call| unary(call, f64::ln)),
    ("atan2", |call| binary(call, f64::atan2)),
    ("pow", |call| binary(call, f64::powf)),
];

fn unary<'c>(call: &'c mut Call<'_>, function: fn(f64) -> f64) -> Result<Ref<'c>, Failure> {
    let result = function(call.number(0)?);
    Ok(call.heap.new_float(result)?.get())
}

fn binary<'c>(call: &'c mut Call<'_>, function: fn(f64, f64) -> f64) -> Result<Ref<'c>, Failure> {
    let result = function(call.number(0)?, call.number(1)?);
    Ok(call.heap.new_float(result)?.get())
}
