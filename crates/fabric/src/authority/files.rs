//! Writes the files of identities so that they are there completely or not at all.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use super::AuthorityError;

/// The mode of files with private keys.
pub(super) const SECRET: u32 = 0o600;

/// The mode of other files.
pub(super) const PUBLIC: u32 = 0o644;

/// The number of characters in a line of PEM.
const PEM_LINE: usize = 64;

/// A folder that appears with all its files.
pub(super) struct NewFolder {
    temporary: TempDir,
    path: PathBuf,
}

impl NewFolder {
    /// Creates a temporary folder beside `path`. Fails if something exists at `path` that is not an empty folder.
    pub(super) fn create(path: &Path) -> Result<NewFolder, AuthorityError> {
        let is_free = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(failed(path, error)),
        };
        if !is_free {
            return Err(AuthorityError::NotEmpty(path.to_owned()));
        }
        let absolute = std::path::absolute(path).map_err(|error| failed(path, error))?;
        let path = fs::canonicalize(&absolute).unwrap_or(absolute);
        let parent = path.parent().ok_or_else(|| AuthorityError::NotEmpty(path.clone()))?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(|error| failed(parent, error))?;
        let mut builder = tempfile::Builder::new();
        let temporary = builder
            .prefix(".lucarne-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
            // The error would name a path that the user does not know.
            .map_err(|error| failed(parent, error.kind().into()))?;
        Ok(NewFolder { temporary, path })
    }

    /// Returns the temporary folder, which has the files until [`NewFolder::finish`].
    pub(super) fn temporary(&self) -> &Path {
        self.temporary.path()
    }

    /// Writes a file. Its name can be a path with a folder, such as `issued/cellar.pem`.
    pub(super) fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<(), AuthorityError> {
        let path = self.temporary.path().join(name);
        write(&path, bytes, mode).map_err(|error| failed(&self.path.join(name), error))
    }

    /// Moves the temporary folder to its path. Fails if that folder is not empty now.
    pub(super) fn finish(self) -> Result<(), AuthorityError> {
        // This fails if the other folder is not empty.
        fs::rename(self.temporary.path(), &self.path).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => AuthorityError::NotEmpty(self.path.clone()),
            _ => failed(&self.path, error),
        })?;
        // The temporary folder was moved, so it must not be removed.
        let _ = self.temporary.keep();
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync(parent.unwrap_or(Path::new("."))).map_err(|error| failed(&self.path, error))
    }
}

/// Makes changed names in a folder durable: they survive a power cut.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = beside(folder, mode)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync(folder)
}

fn beside(folder: &Path, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let made = builder.prefix(".lucarne-").permissions(Permissions::from_mode(mode)).tempfile_in(folder);
    made.map_err(|error| error.kind().into())
}

/// Writes a public file, or replaces it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), AuthorityError> {
    write(path, bytes, PUBLIC).map_err(|error| failed(path, error))
}

/// Locks a folder against changes by other processes, and waits for the lock. Dropping the file releases the lock.
pub(super) fn lock(folder: &Path) -> Result<File, AuthorityError> {
    let file = File::open(folder).map_err(|error| failed(folder, error))?;
    file.lock().map_err(|error| failed(folder, error))?;
    Ok(file)
}

/// Returns a certificate in PEM (RFC 7468).
pub(super) fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = data_encoding::BASE64.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(PEM_LINE));
        pem.extend([line, "\n"]);
        rest = next;
    }
    pem += "-----END CERTIFICATE-----\n";
    pem
}

fn failed(path: &Path, error: io::Error) -> AuthorityError {
    AuthorityError::Write { path: path.to_owned(), error }
}
