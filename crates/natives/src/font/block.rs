//! The format in which fonts come: a block of glyphs, such as those of one Unicode block.
//!
//! ```text
//! block  = 97 f0 17 70, size in four bytes, SHA-256 in 32 bytes, field*, 00, glyph*, ff
//! field  = the negated letter of a text, the text, 00
//!        | the letter of a number, three bytes
//! glyph  = advance, width, height, left, bottom, code point (number), size (number), commands
//! number = one byte below 80 | two bytes, 80.. | three bytes, c0..    most significant byte first
//! ```
//!
//! The commands make the lines of a glyph, byte by byte. Each is made of pairs of bits, the highest first, and most of them
//! refer to the byte above. Above the first line, all bytes are 0.

use std::collections::BTreeMap;

use super::glyph::{Glyph, GlyphBox};

const MAGIC: [u8; 4] = [0x97, 0xf0, 0x17, 0x70];
/// The size and the checksum, which are not looked at: the block is in a byte array, whose size is known.
const SKIPPED: usize = 4 + 32;
/// The byte in place of a glyph's advance that ends the block.
const END: u8 = 0xff;

/// Returns the number of bytes that the glyphs of a block take when they are decoded; none if it is not a block.
pub(super) fn decoded_size(block: &[u8]) -> Option<usize> {
    let mut reader = Reader::of(block)?;
    let mut size = 0;
    while let Some(encoded) = reader.glyph()? {
        size += size_of::<(u32, Glyph)>() + encoded.area.bytes();
    }
    Some(size)
}

/// Decodes a block. Returns none if it is not one.
pub(super) fn decode(block: &[u8], glyphs: &mut BTreeMap<u32, Glyph>) -> Option<()> {
    let mut reader = Reader::of(block)?;
    while let Some(encoded) = reader.glyph()? {
        let lines = Commands { bytes: encoded.commands, position: 0 }.lines(&encoded.area)?;
        glyphs.insert(encoded.code, Glyph { area: encoded.area, lines });
    }
    Some(())
}

/// A glyph before it is decoded.
struct Encoded<'b> {
    area: GlyphBox,
    code: u32,
    commands: &'b [u8],
}

/// Reads the parts of a block in order. A method returns none where the block ends too early.
struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    /// Starts at the first glyph of a block.
    fn of(block: &'b [u8]) -> Option<Reader<'b>> {
        let mut reader = Reader { rest: block.strip_prefix(&MAGIC)? };
        reader.take(SKIPPED)?;
        loop {
            match reader.byte()? {
                0 => return Some(reader),
                text if text >= 0x80 => while reader.byte()? != 0 {},
                _ => _ = reader.take(3)?,
            }
        }
    }

    /// Returns the next glyph. The inner option is none at the end of the block.
    fn glyph(&mut self) -> Option<Option<Encoded<'b>>> {
        let advance = self.byte()?;
        if advance == END {
            return Some(None);
        }
        let (width, height) = (self.byte()?, self.byte()?);
        let (left, bottom) = (self.byte()?.cast_signed(), self.byte()?.cast_signed());
        let code = self.number()?;
        let size = self.number()?;
        let commands = self.take(usize::try_from(size).ok()?)?;
        Some(Some(Encoded { area: GlyphBox { advance, width, height, left, bottom }, code, commands }))
    }

    fn number(&mut self) -> Option<u32> {
        let first = u32::from(self.byte()?);
        let further = match first {
            0..0x80 => return Some(first),
            0x80..0xc0 => 1,
            _ => 2,
        };
        let start = if further == 1 { first & 0x7f } else { first & 0x3f };
        Some(self.take(further)?.iter().fold(start, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
}

/// Commands, two bits each.
struct Commands<'b> {
    bytes: &'b [u8],
    position: usize,
}

/// The next bytes of a glyph.
enum Next {
    /// The given number of bytes, each equal to the byte above it.
    Same(usize),
    Byte(u8),
}

impl Commands<'_> {
    /// Returns the lines of a glyph; none if there are too few commands.
    fn lines(mut self, area: &GlyphBox) -> Option<Box<[u8]>> {
        let (line_bytes, size) = (area.line_bytes(), area.bytes());
        let mut lines = Vec::with_capacity(size);
        while lines.len() < size {
            let above = |lines: &Vec<u8>| lines.len().checked_sub(line_bytes).map_or(0, |index| lines[index]);
            match self.next(above(&lines))? {
                Next::Byte(byte) => lines.push(byte),
                Next::Same(count) => {
                    for _ in 0..count.min(size - lines.len()) {
                        lines.push(above(&lines));
                    }
                }
            }
        }
        Some(lines.into())
    }

    fn next(&mut self, above: u8) -> Option<Next> {
        let (left, right) = (above << 1, above >> 1);
        Some(Next::Byte(match self.pair()? {
            0 => self.pairs(4)?,
            1 => return Some(Next::Same(1)),
            2 => match self.pair()? {
                0 => return Some(Next::Same(4 + usize::from(self.pair()?))),
                1 => above | right,
                2 => right,
                _ => match self.pair()? {
                    0 => return Some(Next::Same(10 + usize::from(self.pairs(2)?))),
                    1 => 0x01,
                    2 => 0x80,
                    _ => above | left | right,
                },
            },
            _ => match self.pair()? {
                0 => left,
                1 => above | left,
                2 => 0x00,
                _ => match self.pair()? {
                    0 => above & right,
                    1 => above & left,
                    2 => left & right,
                    _ => 0xff,
                },
            },
        }))
    }

    fn pair(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.position / 4)?;
        let pair = byte >> (6 - 2 * (self.position % 4)) & 0b11;
        self.position += 1;
        Some(pair)
    }

    fn pairs(&mut self, count: usize) -> Option<u8> {
        (0..count).try_fold(0, |value, _| Some(value << 2 | self.pair()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(width: u8, height: u8, commands: &[u8]) -> Option<Vec<u8>> {
        let area = GlyphBox { advance: 0, width, height, left: 0, bottom: 0 };
        Commands { bytes: commands, position: 0 }.lines(&area).map(Vec::from)
    }

    #[test]
    fn each_command_makes_its_byte() {
        // The first line is 0b0011_1100, the second is made by the command.
        let commands = |pairs: &[u8]| {
            let mut all = vec![0, 0, 3, 3, 0];
            all.extend(pairs);
            let pack =
                |pairs: &[u8]| (0..4).fold(0, |byte, at| byte << 2 | pairs.get(at).copied().unwrap_or(0));
            lines(8, 2, &all.chunks(4).map(pack).collect::<Vec<u8>>()).map(|lines| lines[1])
        };
        assert_eq!(commands(&[0, 1, 2, 3, 0]), Some(0b01_10_11_00));
        assert_eq!(commands(&[1]), Some(0b0011_1100));
        assert_eq!(commands(&[2, 1]), Some(0b0011_1110));
        assert_eq!(commands(&[2, 2]), Some(0b0001_1110));
        assert_eq!(commands(&[2, 3, 1]), Some(0b0000_0001));
        assert_eq!(commands(&[2, 3, 2]), Some(0b1000_0000));
        assert_eq!(commands(&[2, 3, 3]), Some(0b0111_1110));
        assert_eq!(commands(&[3, 0]), Some(0b0111_1000));
        assert_eq!(commands(&[3, 1]), Some(0b0111_1100));
        assert_eq!(commands(&[3, 2]), Some(0));
        assert_eq!(commands(&[3, 3, 0]), Some(0b0001_1100));
        assert_eq!(commands(&[3, 3, 1]), Some(0b0011_1000));
        assert_eq!(commands(&[3, 3, 2]), Some(0b0001_1000));
        assert_eq!(commands(&[3, 3, 3]), Some(0xff));
    }

    #[test]
    fn repetitions_end_with_the_glyph() {
        // A line of two bytes, then the same 4 to 7 or 10 to 25 times.
        assert_eq!(lines(9, 3, &[0xfe, 0xe8, 0x00]), Some([0xff, 0x80].repeat(3)));
        let tall = lines(9, 13, &[0xfe, 0xeb, 0x3f]).expect("a glyph");
        assert_eq!(tall, [0xff, 0x80].repeat(13));
        assert_eq!(lines(8, 3, &[0b01_01_01_00]), Some(vec![0; 3]));
    }

    #[test]
    fn too_few_commands_are_refused() {
        assert_eq!(lines(8, 5, &[0b01_01_01_01]), None);
        assert_eq!(lines(8, 1, &[]), None);
        assert_eq!(lines(8, 0, &[]), Some(vec![]));
        assert_eq!(lines(0, 9, &[]), Some(vec![]));
    }

    #[test]
    fn numbers_have_one_to_three_bytes() {
        let number = |bytes: &[u8]| Reader { rest: bytes }.number();
        assert_eq!(number(&[0x7f]), Some(0x7f));
        assert_eq!(number(&[0x81, 0x02]), Some(0x102));
        assert_eq!(number(&[0xd0, 0xff, 0xff]), Some(0x10_ffff));
        assert_eq!(number(&[0xc0, 0xff]), None);
    }
}
