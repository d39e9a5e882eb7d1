//! Drawing on byte arrays: rectangles, images, text, and operations on whole images.
//!
//! A target has one of two layouts. In a *bytemap*, each pixel is a byte, in lines from top to bottom. In a *bitmap*, a
//! byte is a column of eight pixels, the lowest bit at the top; the columns are in strips from top to bottom. What lies
//! outside of the target is not drawn. The source of `draw_bitmap` differs: each byte holds eight pixels of a line, with the
//! leftmost in the highest bit.

mod canvas;
mod copy;
mod filter;

use lucarne_heap::Ref;

use super::font::Font;
use super::{Call, Failure, Row};
use canvas::{Canvas, Layout, Place};

pub(super) const TABLE: &[Row] = &[
    ("rectangle", 7, |call| rectangle(call, Layout::Bits)),
    ("byte-rectangle", 7, |call| rectangle(call, Layout::Bytes)),
    ("draw-text", 8, |call| draw_text(call, Layout::Bits)),
    ("byte-draw-text", 8, |call| draw_text(call, Layout::Bytes)),
    ("draw-bitmap", 11, draw_bitmap),
    ("draw-bytemap", 10, draw_bytemap),
    ("blit", 12, copy::blit),
    ("composit", 6, filter::composit),
    ("bytemap-blur", 4, filter::blur),
];

/// `x y color width height target target-width` -> whether any pixel was drawn.
fn rectangle<'c>(call: &'c mut Call<'_>, layout: Layout) -> Result<Ref<'c>, Failure> {
    let (x, y) = (canvas::coordinate(call, 0)?, canvas::coordinate(call, 1)?);
    let (width, height) = (canvas::coordinate(call, 3)?, canvas::coordinate(call, 4)?);
    if width < 0 || height < 0 {
        return Err(Failure::OUT_OF_RANGE);
    }
    let color = call.int(2)? as u8;
    call.charge_bytes(call.bytes(5)?.len());
    let drawn = Canvas::of(call, layout, 5)?.fill(x..x + width, y..y + height, color);
    Ok(Ref::bool(drawn))
}

/// `x y color orientation text font target target-width`
fn draw_text<'c>(call: &'c mut Call<'_>, layout: Layout) -> Result<Ref<'c>, Failure> {
    let place = Place::of(call, 0, 3)?;
    let color = call.int(2)? as u8;
    let mut text = call.scratch(call.string(4)?.len())?;
    text.extend_from_slice(call.string(4)?.as_bytes());
    let text = String::from_utf8(text).map_err(|_| Failure::WRONG_TYPE)?;
    call.with_state::<Font, _>(5, |call, font| {
        call.charge(text.chars().map(|character| font.glyph(character).cost()).sum());
        let mut canvas = Canvas::of(call, layout, 6)?;
        let mut start = 0;
        for character in text.chars() {
            let glyph = font.glyph(character);
            let [left, right, bottom, top] = glyph.bounds();
            // Most of a long text is outside of an image.
            if canvas.shows([place.at(start + left, -top), place.at(start + right - 1, -1 - bottom)]) {
                glyph.each_pixel(|right, up| canvas.set(place.at(start + right, -1 - up), color));
            }
            start += glyph.advance();
        }
        Ok(())
    })?;
    Ok(Ref::NULL)
}

/// `x y color orientation source source-offset source-width source-line-stride target target-width bytewise`: draws the
/// pixels whose bit in the source is set. The highest bit of a byte is its leftmost pixel. The stride is in bytes.
fn draw_bitmap<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let place = Place::of(call, 0, 3)?;
    let color = call.int(2)? as u8;
    let layout = if call.bool(10)? { Layout::Bytes } else { Layout::Bits };
    let (width, stride) = (call.index(6)?, call.index(7)?);
    if width == 0 || stride < width.div_ceil(8) {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    let source = canvas::source(call, 4)?;
    let source = source.get(call.index(5)?..).ok_or(Failure::OUT_OF_BOUNDS)?;
    let mut canvas = Canvas::of(call, layout, 8)?;
    for (down, line) in canvas::lines(source, width.div_ceil(8), stride) {
        for right in (0..width).filter(|right| line[right / 8] & (0x80 >> (right % 8)) != 0) {
            canvas.set(place.at(right as i64, down), color);
        }
    }
    Ok(Ref::NULL)
}

/// `x y transparent orientation source source-width source-line-stride palette target target-width`: `transparent` is the
/// value of the pixels that are not drawn, or a byte array with the opacity of each value.
fn draw_bytemap<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let place = Place::of(call, 0, 3)?;
    let (width, stride) = (call.index(5)?, call.index(6)?);
    if width == 0 || stride < width {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    let opacities = opacities(call, 2)?;
    let mut colors: [u8; 256] = std::array::from_fn(|value| value as u8);
    for (color, entry) in colors.iter_mut().zip(call.bytes(7)?.chunks(3)) {
        *color = entry[0];
    }
    let source = canvas::source(call, 4)?;
    let mut canvas = Canvas::of(call, Layout::Bytes, 8)?;
    for (down, line) in canvas::lines(&source, width, stride) {
        for (right, pixel) in line.iter().enumerate() {
            let value = usize::from(*pixel);
            canvas.blend(place.at(right as i64, down), colors[value], opacities[value]);
        }
    }
    Ok(Ref::NULL)
}

/// Returns the opacity of each pixel value. Values for which the byte array has no element are opaque.
fn opacities(call: &Call<'_>, index: usize) -> Result<[u8; 256], Failure> {
    let mut opacities = [0xff; 256];
    if let Ok(transparent) = call.int(index) {
        if let Some(opacity) = usize::try_from(transparent).ok().and_then(|value| opacities.get_mut(value)) {
            *opacity = 0;
        }
    } else {
        for (opacity, given) in opacities.iter_mut().zip(call.bytes(index)?) {
            *opacity = *given;
        }
    }
    Ok(opacities)
}
