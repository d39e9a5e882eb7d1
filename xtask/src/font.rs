//! `cargo xtask font`: makes the data of a built-in font from a font in the Glyph Bitmap Distribution Format (BDF).
//!
//! The format of the data is described in `crates/natives/src/font/block.rs`.

use std::fs;
use std::path::Path;

use super::Error;

/// The characters of the font: ASCII and the Latin-1 Supplement, without control characters.
const CODES: [std::ops::RangeInclusive<u32>; 2] = [0x20..=0x7e, 0xa0..=0xff];
const LAST_CODE: u32 = 0xff;
const END: u8 = 0xff;

/// A glyph of a BDF file.
#[derive(Default)]
struct Glyph {
    code: u32,
    advance: u8,
    /// Width, height, left and bottom.
    area: [i8; 4],
    lines: Vec<Vec<u8>>,
}

/// Converts a file. The font has the name of the output file, without its extension.
pub(super) fn convert(bdf: &Path, output: &Path) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |reason| Error::File { path, reason }
    };
    // The text is ASCII, except for names of people.
    let text = fs::read(bdf).map_err(failed(bdf))?;
    let text = String::from_utf8_lossy(&text);
    let glyphs = read(&text).ok_or(Error::Unsuitable("not a BDF font with small glyphs"))?;
    let name = output.file_stem().unwrap_or_default().to_string_lossy();
    fs::write(output, write(&name, copyright(&text), &glyphs)).map_err(failed(output))
}

fn copyright(text: &str) -> &str {
    let line = text.lines().find_map(|line| line.strip_prefix("COPYRIGHT ")).unwrap_or_default();
    line.trim().trim_matches('"')
}

/// Reads the glyphs that the font will have, in order of their codes.
fn read(text: &str) -> Option<Vec<Glyph>> {
    let mut glyphs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("STARTCHAR") {
            glyphs.push(read_glyph(&mut lines)?);
        }
    }
    glyphs.retain(|glyph| CODES.iter().any(|codes| codes.contains(&glyph.code)));
    glyphs.sort_by_key(|glyph| glyph.code);
    Some(glyphs)
}

/// Reads a glyph up to its end.
fn read_glyph<'t>(lines: &mut impl Iterator<Item = &'t str>) -> Option<Glyph> {
    let mut glyph = Glyph::default();
    loop {
        let line = lines.next()?;
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut numbers = rest.split_ascii_whitespace();
        match key {
            // Glyphs without a code have -1.
            "ENCODING" => glyph.code = numbers.next()?.parse().unwrap_or(0),
            "DWIDTH" => glyph.advance = numbers.next()?.parse().ok().filter(|advance| *advance != END)?,
            "BBX" => {
                for number in &mut glyph.area {
                    *number = numbers.next()?.parse().ok()?;
                }
            }
            "BITMAP" => {
                for _ in 0..glyph.area[1] {
                    glyph.lines.push(bytes(lines.next()?.trim())?);
                }
            }
            "ENDCHAR" => {
                if glyph.lines.iter().flatten().all(|byte| *byte == 0) {
                    glyph.area[1] = 0;
                    glyph.lines.clear();
                }
                return Some(glyph);
            }
            _ => {}
        }
    }
}

/// Reads hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

fn write(name: &str, copyright: &str, glyphs: &[Glyph]) -> Vec<u8> {
    // The checksum is left empty: the file is a part of the binary.
    let mut block = [&[0x97, 0xf0, 0x17, 0x70][..], &[0; 4], &[0; 32]].concat();
    for (key, text) in [(b'n', name), (b'c', copyright)] {
        block.push(key.wrapping_neg());
        block.extend(text.bytes().filter(u8::is_ascii));
        block.push(0);
    }
    for (key, code) in [(b'f', 0), (b't', LAST_CODE)] {
        block.push(key);
        block.extend(&code.to_le_bytes()[..3]);
    }
    block.push(0);
    for glyph in glyphs {
        block.push(glyph.advance);
        block.extend(glyph.area.map(i8::cast_unsigned));
        let commands = commands(&glyph.lines);
        write_number(&mut block, glyph.code as usize);
        write_number(&mut block, commands.len());
        block.extend(commands);
    }
    block.push(END);
    let size = u32::try_from(block.len()).expect("a font is small");
    block[4..8].copy_from_slice(&size.to_le_bytes());
    block
}

/// Writes a number below 2 to the power of 14.
fn write_number(block: &mut Vec<u8>, number: usize) {
    if number >= 0x80 {
        block.push((number >> 8) as u8 | 0x80);
    }
    block.push(number as u8);
}

/// Encodes lines. Of the commands, those for the byte above, for an empty byte and for any byte are enough: others would
/// save a tenth.
fn commands(lines: &[Vec<u8>]) -> Vec<u8> {
    let mut pairs = Vec::new();
    let mut above = &vec![0; lines.first().map_or(0, Vec::len)];
    for line in lines {
        for (byte, above) in line.iter().zip(above) {
            match *byte {
                same if same == *above => pairs.push(0b01),
                0 => pairs.extend([0b11, 0b10]),
                byte => pairs.extend([0b00, byte >> 6, byte >> 4 & 3, byte >> 2 & 3, byte & 3]),
            }
        }
        above = line;
    }
    let pack =
        |pairs: &[u8]| (0..4).fold(0, |byte, index| byte << 2 | pairs.get(index).copied().unwrap_or(0));
    pairs.chunks(4).map(pack).collect()
}
