//! The image that is drawn on, and the places of pixels in it.

use std::ops::Range;

use crate::{Call, Failure};

/// Coordinates are limited to this distance from 0: further ones are outside of any image.
const COORDINATE_MAX: i64 = 1 << 40;

/// How pixels are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Eight pixels of a column in each byte.
    Bits,
    /// A pixel in each byte.
    Bytes,
}

/// An image in a byte array.
pub(super) struct Canvas<'c> {
    bytes: &'c mut [u8],
    layout: Layout,
    width: usize,
    height: usize,
}

/// Where an image is drawn: the corner of its pixel 0, 0, and the direction of its lines.
#[derive(Clone, Copy)]
pub(super) struct Place {
    x: i64,
    y: i64,
    /// The number of quarter turns to the left.
    turns: i64,
}

/// Returns an argument that is a coordinate or a length.
pub(super) fn coordinate(call: &Call<'_>, index: usize) -> Result<i64, Failure> {
    Ok(call.int(index)?.clamp(-COORDINATE_MAX, COORDINATE_MAX))
}

/// Returns a copy of an argument that is an image: it can be the one that is drawn on.
pub(super) fn source(call: &mut Call<'_>, index: usize) -> Result<Vec<u8>, Failure> {
    let size = call.data(index)?.len();
    // Drawing a pixel takes about a tenth of the time of a call.
    call.charge(size / 8);
    let mut bytes = call.scratch(size)?;
    bytes.extend_from_slice(call.data(index)?);
    Ok(bytes)
}

/// Returns the complete lines of an image, with their numbers. A line has `length` bytes, and starts `stride` bytes behind
/// the one before it.
pub(super) fn lines(source: &[u8], length: usize, stride: usize) -> impl Iterator<Item = (i64, &[u8])> {
    (0..).zip(source.chunks(stride).filter_map(move |line| line.get(..length)))
}

impl<'c> Canvas<'c> {
    /// Returns the image in an argument. The argument after it is its width.
    ///
    /// # Errors
    /// `OUT_OF_BOUNDS` if the bytes are not a number of complete lines.
    pub(super) fn of(call: &'c mut Call<'_>, layout: Layout, index: usize) -> Result<Canvas<'c>, Failure> {
        let width = call.index(index + 1)?;
        let bytes = call.bytes_mut(index)?;
        if width == 0 || !bytes.len().is_multiple_of(width) {
            return Err(Failure::OUT_OF_BOUNDS);
        }
        let lines = bytes.len() / width;
        let height = if layout == Layout::Bits { lines * 8 } else { lines };
        Ok(Canvas { bytes, layout, width, height })
    }

    /// Sets a pixel. In a bitmap, any color except 0 is 1.
    pub(super) fn set(&mut self, pixel: (i64, i64), color: u8) {
        let Some((x, y)) = self.inside(pixel) else { return };
        match self.layout {
            Layout::Bytes => self.bytes[y * self.width + x] = color,
            Layout::Bits => set_bits(&mut self.bytes[y / 8 * self.width + x], 1 << (y % 8), color),
        }
    }

    /// Mixes a color with that of a pixel of a bytemap.
    pub(super) fn blend(&mut self, pixel: (i64, i64), color: u8, opacity: u8) {
        let Some((x, y)) = self.inside(pixel) else { return };
        let old = &mut self.bytes[y * self.width + x];
        *old = match opacity {
            0 => *old,
            0xff => color,
            _ => {
                let (opacity, mixed) = (u16::from(opacity), [u16::from(*old), u16::from(color)]);
                ((mixed[0] * (0xff - opacity) + mixed[1] * opacity) >> 8) as u8
            }
        };
    }

    /// Fills a rectangle. Returns whether any of its pixels is inside of the image.
    pub(super) fn fill(&mut self, columns: Range<i64>, rows: Range<i64>, color: u8) -> bool {
        let (columns, rows) = (clip(columns, self.width), clip(rows, self.height));
        if columns.is_empty() || rows.is_empty() {
            return false;
        }
        match self.layout {
            Layout::Bytes => {
                for y in rows {
                    self.bytes[y * self.width..][columns.clone()].fill(color);
                }
            }
            Layout::Bits => self.fill_bits(columns, rows, color),
        }
        true
    }

    fn fill_bits(&mut self, columns: Range<usize>, rows: Range<usize>, color: u8) {
        for strip in rows.start / 8..=(rows.end - 1) / 8 {
            let top = rows.start.saturating_sub(strip * 8);
            let bottom = (rows.end - strip * 8).min(8);
            let mask = ((1u16 << bottom) - (1 << top)) as u8;
            for byte in &mut self.bytes[strip * self.width..][columns.clone()] {
                set_bits(byte, mask, color);
            }
        }
    }

    /// Returns whether a box, given by the pixels in two opposite corners, can have a part inside of the image.
    pub(super) fn shows(&self, [one, other]: [(i64, i64); 2]) -> bool {
        let shows = |one: i64, other: i64, size: usize| {
            one.max(other) >= 0 && usize::try_from(one.min(other)).unwrap_or(0) < size
        };
        shows(one.0, other.0, self.width) && shows(one.1, other.1, self.height)
    }

    fn inside(&self, (x, y): (i64, i64)) -> Option<(usize, usize)> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        (x < self.width && y < self.height).then_some((x, y))
    }
}

impl Place {
    /// Returns the place that arguments give: `x` and `y` from `index` on, and the orientation.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if there is no such orientation.
    pub(super) fn of(call: &Call<'_>, index: usize, orientation: usize) -> Result<Place, Failure> {
        let turns = call.int(orientation)?;
        if !(0..4).contains(&turns) {
            return Err(Failure::INVALID_ARGUMENT);
        }
        Ok(Place { x: coordinate(call, index)?, y: coordinate(call, index + 1)?, turns })
    }

    /// Returns the coordinates of a pixel of the image that is drawn here. The corner stays where it is when the image is
    /// turned.
    pub(super) fn at(self, right: i64, down: i64) -> (i64, i64) {
        match self.turns {
            0 => (self.x + right, self.y + down),
            1 => (self.x + down, self.y - right - 1),
            2 => (self.x - right - 1, self.y - down - 1),
            _ => (self.x - down - 1, self.y + right),
        }
    }
}

fn set_bits(byte: &mut u8, mask: u8, color: u8) {
    if color == 0 {
        *byte &= !mask;
    } else {
        *byte |= mask;
    }
}

/// Returns the part of a range that is between 0 and an end.
fn clip(range: Range<i64>, end: usize) -> Range<usize> {
    let inside = |value: i64| usize::try_from(value).unwrap_or(0).min(end);
    inside(range.start)..inside(range.end)
}
