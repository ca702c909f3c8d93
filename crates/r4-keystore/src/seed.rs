//! The root seed: 32 bytes from the kernel, in a file that nobody else may read.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Bytes of a seed, and of its file.
pub const SEED_BYTES: usize = 32;

/// The one secret of a node. Wiped when dropped; never shown, never cloned.
pub struct RootSeed(Zeroizing<[u8; SEED_BYTES]>);

/// Why there is no seed.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The kernel gave no random bytes.
    #[error("the kernel gave no random bytes for a new seed: {0}")]
    Entropy(getrandom::Error),
    /// The file cannot be read.
    #[error("cannot read the seed {}: {cause}", path.display())]
    Read {
        /// The seed's file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Others may read or write the file.
    #[error(
        "the seed {} has mode {mode:04o}, so others may have read it; it must be 0600 or 0400 \
         (chmod 600, and consider the key known to whoever had access)",
        path.display()
    )]
    Mode {
        /// The seed's file.
        path: PathBuf,
        /// Permission bits found.
        mode: u32,
    },
    /// The path names something else than a file.
    #[error("the seed {} is not a regular file", path.display())]
    NotAFile {
        /// The seed's path.
        path: PathBuf,
    },
    /// The file has another length than 32 bytes.
    #[error(
        "the seed {} is {got} bytes, not {SEED_BYTES}; put back a good copy, or, if this node has \
         never answered, remove the file and a new seed is made",
        path.display()
    )]
    Length {
        /// The seed's file.
        path: PathBuf,
        /// Bytes found.
        got: u64,
    },
    /// The file is 32 zero bytes: blank, not random.
    #[error("the seed {} is all zero bytes, which is no seed", path.display())]
    Blank {
        /// The seed's file.
        path: PathBuf,
    },
    /// The file cannot be made.
    #[error("cannot make the seed {}: {cause}", path.display())]
    Create {
        /// The seed's file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl RootSeed {
    /// Draws a new seed from getrandom(2).
    ///
    /// # Errors
    /// [`SeedError::Entropy`].
    pub fn generate() -> Result<Self, SeedError> {
        let mut bytes = Zeroizing::new([0; SEED_BYTES]);
        getrandom::fill(&mut *bytes).map_err(SeedError::Entropy)?;
        Ok(Self(bytes))
    }

    /// Takes a seed that is already known: from a vector, or from a backup.
    pub fn from_bytes(bytes: Zeroizing<[u8; SEED_BYTES]>) -> Self {
        Self(bytes)
    }

    /// Reads the seed in `path`, whose mode must be exactly 0600 or 0400.
    ///
    /// # Errors
    /// The file is missing, not a regular file, readable by others, not 32 bytes, or blank.
    pub fn load(path: &Path) -> Result<Self, SeedError> {
        let fail = |cause| SeedError::Read { path: path.to_owned(), cause };
        let mut file = File::open(path).map_err(fail)?;
        // The open file is asked, not the path, so that what was checked is what is read.
        let found = file.metadata().map_err(fail)?;
        if !found.is_file() {
            return Err(SeedError::NotAFile { path: path.to_owned() });
        }
        let mode = found.permissions().mode() & 0o7777;
        if !matches!(mode, 0o600 | 0o400) {
            return Err(SeedError::Mode { path: path.to_owned(), mode });
        }
        if found.len() != SEED_BYTES as u64 {
            return Err(SeedError::Length { path: path.to_owned(), got: found.len() });
        }
        let mut bytes = Zeroizing::new([0; SEED_BYTES]);
        file.read_exact(&mut *bytes).map_err(fail)?;
        if bytes.iter().fold(0, |seen, byte| seen | byte) == 0 {
            return Err(SeedError::Blank { path: path.to_owned() });
        }
        Ok(Self(bytes))
    }

    /// Draws a new seed and keeps it in `path`, which must not exist: mode 0600, on disk together
    /// with its name before this returns.
    ///
    /// # Errors
    /// [`SeedError::Entropy`]; [`SeedError::Create`], also when the file exists.
    pub fn create(path: &Path) -> Result<Self, SeedError> {
        let seed = Self::generate()?;
        seed.store(path)?;
        Ok(seed)
    }

    /// Keeps the seed in `path`, as [`Self::create`] does.
    ///
    /// # Errors
    /// [`SeedError::Create`], also when the file exists.
    pub fn store(&self, path: &Path) -> Result<(), SeedError> {
        let fail = |cause| SeedError::Create { path: path.to_owned(), cause };
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(fail)?;
        let written = file.write_all(&*self.0).and_then(|()| file.sync_all());
        if let Err(cause) = written.and_then(|()| sync_folder_of(path)) {
            // Half a seed must not stay behind; the first cause is the one to report.
            let _ = fs::remove_file(path);
            return Err(fail(cause));
        }
        Ok(())
    }

    /// Returns whether both are the same, in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }

    /// Returns the bytes, for key derivation and for shares on paper alone.
    pub fn bytes(&self) -> &[u8; SEED_BYTES] {
        &self.0
    }
}

impl fmt::Debug for RootSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootSeed(..)")
    }
}

/// Makes the names in the folder that holds `path` durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    folder_of(path).and_then(|folder| folder.sync_all())
}

/// Puts `content` into the file `path` of `folder`, mode 0600: as a whole, and on disk with its name.
pub(crate) fn replace(path: &Path, folder: &File, content: &[u8]) -> io::Result<()> {
    replace_as(path, folder, content, None)
}

/// Does as [`replace`], and gives the file to the owner of `like` if that is another.
pub(crate) fn replace_as(
    path: &Path,
    folder: &File,
    content: &[u8],
    like: Option<&Metadata>,
) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    match fs::remove_file(&temporary) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        // A crash may have left it.
        _ => {}
    }
    let mut options = OpenOptions::new();
    // A link in its place is not followed.
    let mut file = options.write(true).create_new(true).mode(0o600).open(&temporary)?;
    if let Some(like) = like
        && like.uid() != file.metadata()?.uid()
    {
        fchown(&file, Some(like.uid()), Some(like.gid()))?;
    }
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    folder.sync_all()
}

/// Opens the folder that holds `path`.
pub(crate) fn folder_of(path: &Path) -> io::Result<File> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refused(path: &Path) -> String {
        RootSeed::load(path).expect_err("must be refused").to_string()
    }

    #[test]
    fn created_seeds_are_0600_differ_and_load_again() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let made = RootSeed::create(&a).unwrap();
        RootSeed::create(&b).unwrap();
        assert_eq!(fs::metadata(&a).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(RootSeed::load(&a).unwrap().bytes(), made.bytes());
        assert_ne!(fs::read(&a).unwrap(), fs::read(&b).unwrap());
        assert_eq!(format!("{made:?}"), "RootSeed(..)");
    }

    #[test]
    fn an_existing_seed_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        let made = RootSeed::create(&path).unwrap();
        let again = RootSeed::create(&path).expect_err("exists");
        assert!(matches!(again, SeedError::Create { .. }), "{again}");
        assert_eq!(RootSeed::load(&path).unwrap().bytes(), made.bytes());
    }

    #[test]
    fn every_looser_mode_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        RootSeed::create(&path).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o660, 0o620, 0o602, 0o700, 0o4600, 0o666] {
            chmod(&path, mode);
            assert!(refused(&path).contains(&format!("{mode:04o}")), "{mode:o}");
        }
        for mode in [0o400, 0o600] {
            chmod(&path, mode);
            assert!(RootSeed::load(&path).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn short_long_blank_and_foreign_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        for (bytes, word) in [
            (vec![], "0 bytes"),
            (vec![1; 31], "31 bytes"),
            (vec![1; 33], "33 bytes"),
            (vec![0; 32], "all zero"),
        ] {
            fs::write(&path, bytes).unwrap();
            chmod(&path, 0o600);
            assert!(refused(&path).contains(word), "{word}: {}", refused(&path));
        }
        assert!(refused(&folder.path().join("none")).contains("cannot read"));
        assert!(refused(folder.path()).contains("not a regular file"));
    }
}
