//! `lucarne lsp`: serves an editor over standard input and output.

use std::io::{self, Write};
use std::process::ExitCode;

use lucarne_language_server::{Ended, serve};

use crate::output::print_out;
use crate::{FAILURE, Stop, files};

/// Serves until the editor ends the session. The status tells whether it has asked for a shutdown before.
pub(crate) fn lsp() -> Result<ExitCode, Stop> {
    let ended = serve(&mut io::stdin().lock(), Output, files::cache_folder())
        .map_err(|error| Stop::failure(format!("cannot read the messages of the editor: {error}")))?;
    Ok(match ended {
        Ended::Properly => ExitCode::SUCCESS,
        Ended::Abruptly => ExitCode::from(FAILURE),
    })
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
