//! `lucarne lsp`: serves an editor over standard input and output.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use lucarne_language_server::{Ended, serve};

use crate::output::print_out;
use crate::{FAILURE, Stop};

/// Serves until the editor ends the session. The status tells whether it has asked for a shutdown before.
pub(crate) fn lsp() -> Result<ExitCode, Stop> {
    let ended = serve(&mut io::stdin().lock(), Output, cache_folder())
        .map_err(|error| Stop::failure(format!("cannot read the messages of the editor: {error}")))?;
    Ok(match ended {
        Ended::Properly => ExitCode::SUCCESS,
        Ended::Abruptly => ExitCode::from(FAILURE),
    })
}

/// Returns the user's folder for files that can be made again.
fn cache_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
}

/// Standard output.
struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        print_out(bytes).map_err(|stop| io::Error::other(stop.message))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
