//! Reads the header of an ELF file, to tell executables from shared libraries.

use object::elf::{DF_1_PIE, DT_FLAGS_1, ET_DYN, ET_EXEC, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Architecture, Endianness, Object};

use super::{ImageError, Kind};

/// Returns the kind of an ELF file: an executable, or a component, which is loaded into another
/// program.
///
/// # Errors
/// If the file is neither of them, or is for another architecture.
pub(super) fn kind(contents: &[u8]) -> Result<Kind, ImageError> {
    let unknown = |_| ImageError::Foreign(unknown_file(contents));
    let file = object::File::parse(contents).map_err(unknown)?;
    let own = match std::env::consts::ARCH {
        "x86_64" => Architecture::X86_64,
        "aarch64" => Architecture::Aarch64,
        "riscv64" => Architecture::Riscv64,
        _ => file.architecture(),
    };
    if file.architecture() != own {
        let text = format!("the file is for {:?}, but this machine is {own:?}", file.architecture());
        return Err(ImageError::Foreign(text));
    }
    let header = FileHeader64::<Endianness>::parse(contents).map_err(unknown)?;
    let endian = header.endian().map_err(unknown)?;
    match header.e_type(endian) {
        ET_EXEC => Ok(Kind::Executable),
        ET_DYN if is_started(header, endian, contents).map_err(unknown)? => Ok(Kind::Executable),
        ET_DYN => Ok(Kind::Component),
        _ => Err(ImageError::Foreign(unknown_file(contents))),
    }
}

/// Describes a file that is not an ELF file, or cannot be started or loaded.
fn unknown_file(contents: &[u8]) -> String {
    let hint = if contents.starts_with(b"#!") {
        ": it is a script. An executable is a program for this machine that uses the crate 'lucarne', so it cannot be a \
         script; a program in Toit has a name that ends in '.toit'"
    } else if contents.is_empty() {
        ": it is empty"
    } else if std::str::from_utf8(contents).is_ok() {
        ": it is a text. The name of a program in Toit ends in '.toit'"
    } else {
        ": it is not an ELF file that can be started or loaded"
    };
    format!("the file is neither an executable nor a component{hint}")
}

/// Returns whether a shared object is a position-independent executable: it names an interpreter or
/// has the flag `DF_1_PIE`.
fn is_started(
    header: &FileHeader64<Endianness>,
    endian: Endianness,
    contents: &[u8],
) -> Result<bool, object::Error> {
    for segment in header.program_headers(endian, contents)? {
        if segment.p_type(endian) == PT_INTERP {
            return Ok(true);
        }
        for entry in segment.dynamic(endian, contents)?.unwrap_or_default() {
            let flags = if entry.tag(endian) == DT_FLAGS_1 { entry.val(endian) } else { 0 };
            if flags & u64::from(DF_1_PIE) != 0 {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
