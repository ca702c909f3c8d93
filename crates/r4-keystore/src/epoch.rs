//! Since when the keys of a seed exist: a small file beside it, for `GET /keys`.
//!
//! It is written at the first start, before the seed, and never again. A seed that came from
//! elsewhere has none.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use r4_receipt::Timestamp;

use crate::seed::sync_folder_of;

/// First line of the file.
const MAGIC: &str = "r4-epoch/v1";

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// It cannot be read or written.
    #[error("cannot use {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It does not say what it must.
    #[error(
        "{} is damaged: put back a good copy, or remove it; the keys are then published without \
         their beginning",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Notes that the keys exist from `now` on.
pub(crate) fn write(path: &Path, now: Timestamp) -> Result<(), EpochError> {
    let note = || {
        let mut file = fs::File::create(path)?;
        file.write_all(format!("{MAGIC}\n{now}\n").as_bytes())?;
        file.sync_all()?;
        sync_folder_of(path)
    };
    note().map_err(|cause| EpochError::File { path: path.to_owned(), cause })
}

/// Returns since when the keys exist, if that was noted.
pub(crate) fn read(path: &Path) -> Result<Option<Timestamp>, EpochError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(EpochError::File { path: path.to_owned(), cause }),
    };
    let text = std::str::from_utf8(&text).ok();
    let time =
        text.and_then(|text| text.strip_prefix(MAGIC)?.strip_prefix('\n')?.strip_suffix('\n'));
    let time = time.and_then(Timestamp::parse);
    time.map(Some).ok_or_else(|| EpochError::Damaged { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("epoch");
        assert_eq!(read(&path).unwrap(), None);
        let now = Timestamp::from_unix(1_800_000_000).unwrap();
        write(&path, now).unwrap();
        assert_eq!(read(&path).unwrap(), Some(now));
        for bad in
            ["", "r4-epoch/v1\n", "r4-epoch/v1\nyesterday\n", "r4-epoch/v2\n2027-01-15T08:00:00Z\n"]
        {
            fs::write(&path, bad).unwrap();
            assert!(matches!(read(&path), Err(EpochError::Damaged { .. })), "{bad:?}");
        }
        assert!(write(&folder.path().join("no/epoch"), now).is_err());
    }
}
