//! Operations on whole images: a window on top of another image, and blur.

use lucarne_heap::Ref;

use super::canvas;
use crate::{Call, Failure};

/// The largest radius of a blur.
const RADIUS_MAX: usize = 6;

/// `target frame-opacity frame painting-opacity painting as-bits`: draws a frame, and a painting on top of it. An opacity
/// has an entry for each byte, or one for all.
pub(super) fn composit<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let mix = if call.bool(5)? { mix_bits } else { mix_bytes };
    let frame_opacity = canvas::source(call, 1)?;
    let frame = if call.argument(2).is_null() { None } else { Some(canvas::source(call, 2)?) };
    let painting_opacity = canvas::source(call, 3)?;
    let painting = canvas::source(call, 4)?;
    let target = call.bytes_mut(0)?;
    let is_layer = |opacity: &[u8], layer: &[u8]| {
        layer.len() == target.len() && (opacity.len() == 1 || opacity.len() == target.len())
    };
    if !is_layer(&painting_opacity, &painting) {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    if let Some(frame) = frame {
        if !is_layer(&frame_opacity, &frame) {
            return Err(Failure::OUT_OF_BOUNDS);
        }
        lay(target, &frame_opacity, &frame, mix);
    }
    lay(target, &painting_opacity, &painting, mix);
    Ok(Ref::NULL)
}

/// Draws a layer on top of the target. `mix` combines the old byte, that of the layer, and its opacity.
fn lay(target: &mut [u8], opacity: &[u8], layer: &[u8], mix: fn(u8, u8, u8) -> u8) {
    for ((old, new), opacity) in target.iter_mut().zip(layer).zip(opacity.iter().cycle()) {
        *old = mix(*old, *new, *opacity);
    }
}

/// Combines eight pixels: each bit of the opacity tells whether the new pixel is seen.
fn mix_bits(old: u8, new: u8, opacity: u8) -> u8 {
    old & !opacity | new & opacity
}

fn mix_bytes(old: u8, new: u8, opacity: u8) -> u8 {
    if opacity == 0xff {
        return new;
    }
    let (old, new, opacity) = (u32::from(old), u32::from(new), u32::from(opacity));
    ((old * (256 - opacity) + new * opacity) >> 8) as u8
}

/// `bytes width x-radius y-radius`
pub(super) fn blur<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let width = call.index(1)?;
    let radii = [radius(call, 2)?, radius(call, 3)?];
    let size = call.bytes(0)?.len();
    if width == 0 || !size.is_multiple_of(width) {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    call.charge(size / 8 * (radii[0] + radii[1]));
    let mut line = call.scratch(width.max(size / width))?;
    let bytes = call.bytes_mut(0)?;
    for start in (0..size).step_by(width) {
        blur_line(bytes, start, 1, width, radii[0], &mut line);
    }
    for start in 0..width {
        blur_line(bytes, start, width, size / width, radii[1], &mut line);
    }
    Ok(Ref::NULL)
}

/// Returns a radius. One below 2 does not blur.
fn radius(call: &Call<'_>, index: usize) -> Result<usize, Failure> {
    let radius = usize::try_from(call.int(index)?.max(1)).unwrap_or(usize::MAX);
    if radius > RADIUS_MAX { Err(Failure::OUT_OF_BOUNDS) } else { Ok(radius) }
}

/// Replaces each pixel of a row or column by the mean of its neighborhood, weighted with binomial coefficients. As in the
/// existing system, pixels too near to the start become 0, and those too near to the end stay as they are.
fn blur_line(bytes: &mut [u8], start: usize, step: usize, count: usize, radius: usize, line: &mut Vec<u8>) {
    let weights = &binomial_coefficients()[2 * (radius - 1)][..2 * radius - 1];
    if radius < 2 || count < weights.len() {
        return;
    }
    line.clear();
    line.extend((0..count).map(|index| bytes[start + index * step]));
    for index in 0..radius - 1 {
        bytes[start + index * step] = 0;
    }
    for (index, near) in line.windows(weights.len()).enumerate() {
        let sum: u32 = near.iter().zip(weights).map(|(pixel, weight)| u32::from(*pixel) * weight).sum();
        bytes[start + (index + radius - 1) * step] = (sum >> (2 * (radius - 1))) as u8;
    }
}

/// Returns the rows of Pascal's triangle.
const fn binomial_coefficients() -> [[u32; 2 * RADIUS_MAX - 1]; 2 * RADIUS_MAX - 1] {
    let mut rows = [[0; 2 * RADIUS_MAX - 1]; 2 * RADIUS_MAX - 1];
    let mut row = 0;
    while row < rows.len() {
        rows[row][0] = 1;
        let mut column = 1;
        while column <= row {
            rows[row][column] = rows[row - 1][column - 1] + rows[row - 1][column];
            column += 1;
        }
        row += 1;
    }
    rows
}
