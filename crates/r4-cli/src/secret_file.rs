//! Files of one secret: 32 bytes as 64 hexadecimal digits, readable by their owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::exit::Error;

/// A prefix, 64 digits and white space; anything longer is not such a file.
const MAX_FILE_BYTES: usize = 128;

/// Reads the 32 secret bytes.
///
/// # Errors
/// [`Error::Unusable`] when the file cannot be read, is not a plain file, can be read by others
/// (any mode but 0600 and 0400), or does not hold 64 hexadecimal digits.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<[u8; 32]>, Error> {
    let refuse = |reason: String| Error::unusable(path.display(), reason);
    let mut file = File::open(path).map_err(|e| refuse(format!("cannot be opened: {e}")))?;
    check_mode(&file, path)?;
    let mut buffer = Zeroizing::new([0; MAX_FILE_BYTES]);
    let text = fill(&mut file, buffer.as_mut_slice())
        .map_err(|e| refuse(format!("cannot be read: {e}")))?;
    let digits = text.trim_ascii();
    let digits = digits.strip_prefix(b"0x").unwrap_or(digits);
    let mut secret = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, secret.as_mut_slice()).map_err(|_| {
        let hint = if looks_raw(text) { "; this looks like 32 raw bytes" } else { "" };
        refuse(format!("it must hold 64 hexadecimal digits and nothing else{hint}"))
    })?;
    Ok(secret)
}

/// Recognises a secret that was kept as it is, such as a root seed.
fn looks_raw(content: &[u8]) -> bool {
    let text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    content.len() == 32 && !content.iter().all(text)
}

/// Writes 32 secret bytes to a new file with mode 0600 and waits until they are on the disk.
///
/// # Errors
/// [`Error::Unusable`] when the file exists or cannot be written.
pub(crate) fn create(path: &Path, secret: &[u8; 32]) -> Result<(), Error> {
    let mut text = Zeroizing::new([0; 65]);
    if let Some((end, digits)) = text.split_last_mut() {
        *end = b'\n';
        hex::encode_to_slice(secret, digits).map_err(|e| Error::unusable(path.display(), e))?;
    }
    create_bytes(path, text.as_slice())
}

/// Writes secret bytes to a new file with mode 0600 and waits until they are on the disk.
///
/// # Errors
/// As [`create`].
pub(crate) fn create_bytes(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(
        |mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        },
    );
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::exists(path),
        _ => Error::unusable(path.display(), format!("cannot be written: {error}")),
    })
}

fn check_mode(file: &File, path: &Path) -> Result<(), Error> {
    let name = path.display();
    let status =
        file.metadata().map_err(|e| Error::unusable(name, format!("cannot be read: {e}")))?;
    if !status.is_file() {
        return Err(Error::unusable(path.display(), "it is not a plain file"));
    }
    match status.mode() & 0o7777 {
        0o600 | 0o400 => Ok(()),
        mode => Err(Error::Unusable(format!(
            "{name}: its mode is {mode:04o}, and a secret must be readable by you alone; \
             run: chmod 600 {name}",
            name = path.display(),
        ))),
    }
}

fn fill<'a>(file: &mut File, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut length = 0;
    while let Some(free) = buffer.get_mut(length..).filter(|free| !free.is_empty()) {
        match file.read(free) {
            Ok(0) => break,
            Ok(read) => length = length.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(buffer.get(..length).unwrap_or_default())
}
