//! The picture of a character.

/// A glyph: its box, relative to the start of the character on the line of writing, and its pixels.
pub(in crate::font) struct GlyphBox {
    /// The distance to the start of the next character.
    pub advance: u8,
    pub width: u8,
    pub height: u8,
    /// The distance of the left side from the start, to the right.
    pub left: i8,
    /// The distance of the bottom from the line, upward.
    pub bottom: i8,
}

/// A glyph.
pub(crate) struct Glyph {
    pub(in crate::font) area: GlyphBox,
    /// The lines from top to bottom, in whole bytes. The highest bit is at the left.
    pub(in crate::font) lines: Box<[u8]>,
}

impl GlyphBox {
    /// Returns the number of bytes of a line.
    pub(in crate::font) fn line_bytes(&self) -> usize {
        usize::from(self.width).div_ceil(8)
    }

    /// Returns the number of bytes of all lines.
    pub(in crate::font) fn bytes(&self) -> usize {
        self.line_bytes() * usize::from(self.height)
    }
}

impl Glyph {
    pub(crate) fn advance(&self) -> i64 {
        self.area.advance.into()
    }

    /// Returns left, right, bottom and top.
    pub(crate) fn bounds(&self) -> [i64; 4] {
        let (left, bottom) = (i64::from(self.area.left), i64::from(self.area.bottom));
        [left, left + i64::from(self.area.width), bottom, bottom + i64::from(self.area.height)]
    }

    /// Returns the units of work that it takes to draw the glyph.
    pub(crate) fn cost(&self) -> usize {
        1 + self.lines.len()
    }

    /// Calls a function with the place of each pixel: to the right, and upward.
    pub(crate) fn each_pixel(&self, mut draw: impl FnMut(i64, i64)) {
        let [left, _, _, top] = self.bounds();
        // Lines without bytes have no pixels.
        for (down, line) in (1..).zip(self.lines.chunks(self.area.line_bytes().max(1))) {
            for right in
                (0..self.area.width).filter(|right| line[usize::from(right / 8)] & (0x80 >> (right % 8)) != 0)
            {
                draw(left + i64::from(right), top - down);
            }
        }
    }
}
