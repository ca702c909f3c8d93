//! The token of the admin API: as the environment has it, or in a file of the state folder.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use r4_service::auth::{ApiKey, KeyStrength};
use zeroize::Zeroizing;

/// Name of the file in the state folder.
pub const TOKEN_FILE: &str = "admin.token";

/// Random bytes of a new token.
const TOKEN_BYTES: usize = 32;
/// Most bytes of the file.
const MOST_BYTES: u16 = 1024;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Neither the token nor a folder for it was given.
    #[error("the admin API has no token: set R4_ADMIN_TOKEN, or R4_STATE_DIR, in which it is made")]
    Nowhere,
    /// The file cannot be made or read.
    #[error("the admin token {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Others may read the file.
    #[error(
        "the admin token {path} has mode {mode:04o}, so others may have read it; remove the file, \
         and restart the gateway, which makes a new one"
    )]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What the file holds is no token.
    #[error(
        "the admin token {path} is not one line of at least 16 visible characters; remove the \
         file, and restart the gateway, which makes a new one"
    )]
    Content {
        /// The file.
        path: PathBuf,
    },
}

/// Returns the token that was `given`, or the one in `folder`, which is made at the first time.
///
/// # Errors
/// [`TokenError`].
pub fn token(given: Option<ApiKey>, folder: Option<&Path>) -> Result<ApiKey, TokenError> {
    if let Some(token) = given {
        return Ok(token);
    }
    let folder = folder.ok_or(TokenError::Nowhere)?;
    let path = folder.join(TOKEN_FILE);
    let refuse = |cause| TokenError::File { path: path.clone(), cause };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(refuse)?;
    match make(&path) {
        Ok(()) => {}
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(refuse(cause)),
    }
    read(&path)
}

/// Makes the file as a whole, so that nobody reads half a token.
fn make(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
    let mut line = Zeroizing::new(hex::encode(bytes.as_slice()));
    line.push('\n');
    // Gateways in containers that share a folder may all be process 1.
    let suffix = getrandom::u64().map_err(io::Error::other)?;
    let temporary = path.with_extension(format!("token.{suffix:016x}"));
    let written = write(&temporary, line.as_bytes())
        // Unlike a renaming, this does not replace the token of a gateway that was faster.
        .and_then(|()| std::fs::hard_link(&temporary, path));
    // The first cause is the one to report.
    drop(std::fs::remove_file(&temporary));
    written
}

fn write(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(line)?;
    file.sync_all()
}

fn read(path: &Path) -> Result<ApiKey, TokenError> {
    let refuse = |cause| TokenError::File { path: path.to_owned(), cause };
    let file = File::open(path).map_err(refuse)?;
    let mode = file.metadata().map_err(refuse)?.mode() & 0o7777;
    if !matches!(mode, 0o600 | 0o400) {
        return Err(TokenError::Mode { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(MOST_BYTES.into()));
    file.take(MOST_BYTES.into()).read_to_string(&mut text).map_err(refuse)?;
    let line = text.trim();
    let token = ApiKey::new(line);
    let good = line.bytes().all(|byte| byte.is_ascii_graphic());
    if !good || token.strength() == KeyStrength::Weak {
        return Err(TokenError::Content { path: path.to_owned() });
    }
    Ok(token)
}
