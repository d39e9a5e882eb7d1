//! Compiled programs in files: snapshots, and executables with a program in them.
//!
//! ```text
//!   snapshot:    "lucarne program\n", the bytecode
//!   executable:  this binary, a snapshot, the length of the snapshot (8 bytes, little-endian), "lucarne bundle \n"
//! ```
//!
//! The binary in an executable differs from lucarne in one place, `MARK`, which says that a program follows. So an executable
//! whose end is lost, or is changed, does not act as lucarne.
//!
//! Only the build of lucarne that made a snapshot can run it. An executable has its own build with it. The bytecode is
//! checked for damage, not for attacks: like any executable, a file from a stranger should not be run.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use lucarne_compiler::program::Program;
use lucarne_device::Bytecode;

use crate::Stop;
use crate::output::reason;

const SNAPSHOT_MARK: &[u8; 16] = b"lucarne program\n";
const BUNDLE_MARK: &[u8; 16] = b"lucarne bundle \n";

/// How the executables of Linux begin.
const ELF: &[u8; 4] = b"\x7fELF";

/// Says inside of each binary whether a program follows it, so that this is known even if the end of the file is lost.
static MARK: [u8; 40] = *b"lucarne binary; a program follows: no  \n";

/// The place in the mark of what it says, and what it says in an executable with a program.
const ANSWER: std::ops::Range<usize> = 35..39;
const YES: &[u8; 4] = b"yes ";
const NO: &[u8; 4] = b"no  ";

/// The size of the end of an executable with a program, in bytes.
const TAIL: u64 = 24;

/// The maximum size of a snapshot, in bytes.
const SNAPSHOT_MAX: u64 = 256 << 20;

/// Returns a program as a snapshot.
pub(crate) fn snapshot(program: &Program) -> Vec<u8> {
    [SNAPSHOT_MARK, Bytecode::of(program).bytes()].concat()
}

/// Writes an executable with a program: this binary with a snapshot.
pub(crate) fn write_executable(program: &Program, file: &mut impl Write) -> io::Result<()> {
    let snapshot = snapshot(program);
    let mut binary = Vec::new();
    own_binary()?.read_to_end(&mut binary)?;
    let answer = place_of_mark(&binary)? + ANSWER.start;
    binary[answer..answer + YES.len()].copy_from_slice(YES);
    file.write_all(&binary)?;
    file.write_all(&snapshot)?;
    file.write_all(&(snapshot.len() as u64).to_le_bytes())?;
    file.write_all(BUNDLE_MARK)
}

/// Returns where the mark is in a binary.
fn place_of_mark(binary: &[u8]) -> io::Result<usize> {
    let places: Vec<usize> = memchr::memmem::find_iter(binary, &MARK).take(2).collect();
    match places.as_slice() {
        [place] => Ok(*place),
        _ => Err(io::Error::other("the binary of lucarne is not as it was built: install it again")),
    }
}

/// Returns the program that is in this executable. Returns none if it is lucarne alone.
pub(crate) fn own_program() -> Option<Result<Program, Stop>> {
    // The compiler must not know what the file will say.
    if std::hint::black_box(&MARK)[ANSWER] == *NO {
        return None;
    }
    let damaged = "the program in this executable is damaged, or a part of it is missing: make it again with 'lucarne compile'";
    Some(match own_binary().and_then(|mut binary| bundled(&mut binary)) {
        Err(error) => Err(Stop::failure(format!("cannot read this executable: {}", reason(&error)))),
        Ok(snapshot) => {
            snapshot.and_then(|snapshot| program_of(&snapshot)).ok_or_else(|| Stop::failure(damaged))
        }
    })
}

/// Reads the program of a snapshot or an executable. Returns none if the file is neither: then it may be a source.
///
/// # Errors
/// If the file cannot be read, another build has made it, or it is an executable without a whole program.
pub(crate) fn read(file: &Path) -> Result<Option<Program>, Stop> {
    let shown = file.display();
    if file.extension().is_some_and(|extension| extension == "toit") {
        return Ok(None);
    }
    // A pipe can be read only once.
    if !std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let mut head = [0; 16];
    let snapshot = (|| {
        let mut opened = File::open(file)?;
        match opened.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        if head != *SNAPSHOT_MARK {
            return bundled(&mut opened);
        }
        let mut snapshot = head.to_vec();
        opened.take(SNAPSHOT_MAX).read_to_end(&mut snapshot)?;
        Ok(Some(snapshot))
    })();
    let snapshot =
        snapshot.map_err(|error| Stop::usage(format!("cannot read {shown}: {}", reason(&error))))?;
    let Some(snapshot) = snapshot else {
        return match head.starts_with(ELF) {
            true => Err(Stop::failure(format!(
                "{shown} is an executable that has lost its program, or never had one: compile the program again"
            ))),
            false => Ok(None),
        };
    };
    program_of(&snapshot).map(Some).ok_or_else(|| {
        Stop::failure(format!(
            "{shown} was compiled by another version of lucarne, or is damaged: compile the program again"
        ))
    })
}

fn own_binary() -> io::Result<File> {
    File::open(std::env::current_exe()?)
}

/// Reads the snapshot at the end of an executable. Returns none if it has none.
fn bundled(executable: &mut File) -> io::Result<Option<Vec<u8>>> {
    let length = executable.metadata()?.len();
    if length < TAIL {
        return Ok(None);
    }
    executable.seek(SeekFrom::Start(length - TAIL))?;
    let mut tail = [0; TAIL as usize];
    executable.read_exact(&mut tail)?;
    let (size, mark) = tail.split_at(8);
    let size = u64::from_le_bytes(size.try_into().expect("it has 8 bytes"));
    let start = (length - TAIL).checked_sub(size).filter(|_| size <= SNAPSHOT_MAX);
    let Some(start) = start.filter(|_| mark == BUNDLE_MARK) else { return Ok(None) };
    executable.seek(SeekFrom::Start(start))?;
    let mut snapshot = Vec::new();
    executable.take(size).read_to_end(&mut snapshot)?;
    Ok(Some(snapshot))
}

fn program_of(snapshot: &[u8]) -> Option<Program> {
    Bytecode::from_bytes(snapshot.strip_prefix(SNAPSHOT_MARK)?.to_vec()).program()
}
