//! Bitmap fonts: the state of a `Font`, and the sizes of texts in it.

mod block;
mod glyph;
mod replacement;

use std::collections::BTreeMap;

use lucarne_heap::Ref;

use super::{Call, Failure, Row};
use glyph::Glyph;

pub(super) const TABLE: &[Row] = &[
    ("builtin", 1, builtin),
    ("new", 1, new),
    ("contains", 2, contains),
    ("width", 2, width),
    ("extent", 2, extent),
    ("close", 1, close),
];

/// The fonts that programs get by name.
const BUILTIN: &[(&str, &[u8])] = &[("sans10", include_bytes!("../data/sans10.font"))];

/// The glyphs of a font.
pub(super) struct Font {
    glyphs: BTreeMap<u32, Glyph>,
    /// The glyph for a character that the font does not have. It shows the number of the character.
    missing: Glyph,
}

impl Font {
    /// Returns the glyph of a character, or one that shows the number of the character.
    pub(super) fn glyph(&mut self, character: char) -> &Glyph {
        if let Some(glyph) = self.glyphs.get(&character.into()) {
            return glyph;
        }
        replacement::draw(&mut self.missing, character);
        &self.missing
    }
}

/// `name` -> a byte array with the glyphs of a font that comes with the system, or null if there is none.
fn builtin<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let name = call.string(0)?;
    let Some((_, block)) = BUILTIN.iter().find(|(of, _)| *of == name) else { return Ok(Ref::NULL) };
    call.charge_bytes(block.len());
    let mut bytes = call.heap.new_bytes(block.len())?;
    bytes.reborrow().bytes_mut().ok_or(Failure::WRONG_TYPE)?.copy_from_slice(block);
    Ok(bytes.get())
}

/// `blocks` -> the state of a font with the glyphs in an array of byte arrays.
fn new<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (mut encoded, mut decoded) = (0, 0);
    for block in blocks(call)? {
        let block = block?;
        encoded += block.len();
        decoded += block::decoded_size(block).ok_or(Failure::INVALID_ARGUMENT)?;
    }
    call.charge_bytes((encoded + decoded) * 8);
    call.heap.reserve(decoded)?;
    let mut glyphs = BTreeMap::new();
    for block in blocks(call)? {
        block::decode(block?, &mut glyphs).ok_or(Failure::INVALID_ARGUMENT)?;
    }
    let font = Font { glyphs, missing: replacement::blank() };
    Ok(call.heap.new_state(font, decoded)?.get())
}

fn blocks<'c>(call: &'c Call<'_>) -> Result<impl Iterator<Item = Result<&'c [u8], Failure>>, Failure> {
    Ok(call.array(0)?.iter().map(|block| call.heap.bytes(*block).ok_or(Failure::WRONG_TYPE)))
}

/// `font code-point`
fn contains<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let code = u32::try_from(call.int(1)?).ok().filter(|code| *code <= char::MAX.into());
    let code = code.ok_or(Failure::OUT_OF_RANGE)?;
    let found = call.with_state::<Font, _>(0, |_, font| Ok(font.glyphs.contains_key(&code)))?;
    Ok(Ref::bool(found))
}

/// `font text` -> the distance from the start of the text to that of a text behind it.
fn width<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let width = measure(call)?.advance;
    Ok(call.heap.new_int(width)?.get())
}

/// `font text` -> the width, the height, the left and the bottom of the pixels of a text, relative to its start, as
/// little-endian numbers of eight bytes.
fn extent<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let [left, right, bottom, top] = measure(call)?.bounds.unwrap_or_default();
    let numbers = [right - left, top - bottom, left, bottom].map(i64::to_le_bytes);
    let mut bytes = call.heap.new_bytes(numbers.as_flattened().len())?;
    bytes.reborrow().bytes_mut().ok_or(Failure::WRONG_TYPE)?.copy_from_slice(numbers.as_flattened());
    Ok(bytes.get())
}

/// The size of a text.
#[derive(Default)]
struct Measure {
    advance: i64,
    /// Left, right, bottom and top.
    bounds: Option<[i64; 4]>,
}

fn measure(call: &mut Call<'_>) -> Result<Measure, Failure> {
    // Each character takes a search.
    call.charge(call.string(1)?.len());
    call.with_state::<Font, _>(0, |call, font| {
        let mut measure = Measure::default();
        for character in call.string(1)?.chars() {
            let glyph = font.glyph(character);
            let [left, right, bottom, top] = glyph.bounds();
            let here = [measure.advance + left, measure.advance + right, bottom, top];
            measure.bounds = Some(measure.bounds.map_or(here, |[left, right, bottom, top]| {
                [left.min(here[0]), right.max(here[1]), bottom.min(here[2]), top.max(here[3])]
            }));
            measure.advance += glyph.advance();
        }
        Ok(measure)
    })
}

/// `font`
fn close<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.take_state::<Font>(0)?;
    Ok(Ref::NULL)
}
