//! The sealed binary: read once, sealed in memory, hashed there, run from there.
//!
//! What was checked is what runs: the descriptor that is hashed is the one that is executed, and
//! its seals let nobody change it in between.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use r4_api::manifest::{Manifest, ManifestError};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

use crate::config::SealedConfig;

/// Largest binary that is taken into memory.
const MAX_BINARY_BYTES: u64 = 64 * 1024 * 1024;
/// Largest manifest or signature file.
const MAX_MANIFEST_BYTES: u64 = 64 * 1024;

/// Why the sealed binary is not run.
#[derive(Debug, thiserror::Error)]
pub enum IntegrityError {
    /// A file cannot be read.
    #[error("{what} {path} cannot be read: {cause}")]
    Read {
        /// Which file.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file is larger than it can honestly be.
    #[error("{what} {path} is larger than {limit} bytes")]
    TooLarge {
        /// Which file.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// Most bytes taken.
        limit: u64,
    },
    /// The manifest, its signature or the binary is not what it should be.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The kernel forbids executable memory files.
    #[error("the kernel forbids running from memory (sysctl vm.memfd_noexec=2); set it to 0 or 1")]
    MemfdNoexec,
    /// The memory file cannot be made or sealed.
    #[error("the sealed copy cannot be made: {0}")]
    Memfd(std::io::Error),
    /// The sealed copy no longer has its hash.
    #[error("the sealed copy changed in memory")]
    Changed,
}

/// A binary in a sealed memory file, checked against its manifest.
#[derive(Debug)]
pub struct SealedBinary {
    memory: File,
    manifest: Manifest,
}

impl SealedBinary {
    /// Reads, seals and checks the binary.
    ///
    /// # Errors
    /// [`IntegrityError`]: nothing may be served from it then.
    pub fn load(config: &SealedConfig) -> Result<Self, IntegrityError> {
        let text = read_bounded("the manifest", &config.manifest, MAX_MANIFEST_BYTES)?;
        if let Some(public_key) = &config.public_key {
            let mut path = config.manifest.clone().into_os_string();
            path.push(".sig");
            let path = PathBuf::from(path);
            let signature = read_bounded("the manifest's signature", &path, MAX_MANIFEST_BYTES)?;
            let signature = String::from_utf8_lossy(&signature);
            Manifest::verify_signature(&text, &signature, public_key)?;
        }
        let manifest = Manifest::parse(&text)?;
        let bytes = read_bounded("the sealed core", &config.binary, MAX_BINARY_BYTES)?;
        let sealed = Self { memory: seal(&bytes)?, manifest };
        sealed.check()?;
        Ok(sealed)
    }

    /// Hashes the sealed copy again and compares it with the manifest.
    ///
    /// # Errors
    /// [`IntegrityError::Manifest`] when it differs, [`IntegrityError::Memfd`] when unreadable.
    pub fn check(&self) -> Result<(), IntegrityError> {
        let size = self.memory.metadata().map_err(IntegrityError::Memfd)?.len();
        let length = usize::try_from(size).map_err(|_| IntegrityError::Changed)?;
        let mut bytes = vec![0; length];
        self.memory.read_exact_at(&mut bytes, 0).map_err(IntegrityError::Memfd)?;
        Ok(self.manifest.matches(&bytes)?)
    }

    /// Returns the path under which this process can execute the sealed copy.
    pub fn executable(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.memory.as_raw_fd()))
    }

    /// Returns the manifest that the copy was checked against.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

fn read_bounded(what: &'static str, path: &Path, limit: u64) -> Result<Vec<u8>, IntegrityError> {
    let fail = |cause| IntegrityError::Read { what, path: path.to_owned(), cause };
    let file = File::open(path).map_err(fail)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > limit {
        return Err(IntegrityError::TooLarge { what, path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Copies `bytes` into a memory file that nobody, this process included, can change any more.
fn seal(bytes: &[u8]) -> Result<File, IntegrityError> {
    let mut memory = File::from(executable_memory()?);
    memory.write_all(bytes).map_err(IntegrityError::Memfd)?;
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    fcntl_add_seals(&memory, seals).map_err(|e| IntegrityError::Memfd(e.into()))?;
    Ok(memory)
}

/// Asks for `MFD_EXEC` (Linux 6.3), and without it where the kernel does not know the flag.
fn executable_memory() -> Result<OwnedFd, IntegrityError> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("re4_dump", flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => memfd_create("re4_dump", flags),
        other => other,
    }
    .map_err(|errno| match errno {
        Errno::ACCESS => IntegrityError::MemfdNoexec,
        other => IntegrityError::Memfd(other.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sealed_files as files;

    #[test]
    fn the_sealed_copy_cannot_be_changed() {
        let dir = tempfile::tempdir().unwrap();
        let sealed = SealedBinary::load(&files(dir.path(), b"#!bin")).unwrap();
        assert!(sealed.memory.write_at(b"x", 0).is_err());
        assert!(sealed.memory.set_len(0).is_err());
        assert!(sealed.memory.set_len(100).is_err());
        sealed.check().unwrap();
    }

    #[test]
    fn each_flipped_bit_and_each_missing_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let good = b"0123456789".to_vec();
        for bit in 0..80 {
            let config = files(dir.path(), &good);
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&config.binary, &bad).unwrap();
            let error = SealedBinary::load(&config).unwrap_err();
            assert!(matches!(error, IntegrityError::Manifest(ManifestError::Sha256 { .. })));
        }
        let config = files(dir.path(), &good);
        std::fs::remove_file(&config.binary).unwrap();
        assert!(SealedBinary::load(&config).unwrap_err().to_string().contains("sealed core"));
        std::fs::remove_file(&config.manifest).unwrap();
        assert!(SealedBinary::load(&config).unwrap_err().to_string().contains("manifest"));
    }

    #[test]
    fn a_pinned_key_requires_its_signature() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = files(dir.path(), b"binary");
        let key = r4_sign_key(1);
        config.public_key = Some(key.1);
        let error = SealedBinary::load(&config).unwrap_err();
        assert!(error.to_string().contains("signature"), "{error}");
        let text = std::fs::read(&config.manifest).unwrap();
        let path = dir.path().join("manifest.json.sig");
        std::fs::write(&path, hex::encode(key.0.sign(&text))).unwrap();
        SealedBinary::load(&config).unwrap();
        config.public_key = Some(r4_sign_key(2).1);
        let error = SealedBinary::load(&config).unwrap_err();
        assert!(matches!(error, IntegrityError::Manifest(ManifestError::Signature)));
    }

    fn r4_sign_key(seed: u8) -> (r4_sign::ed25519::SigningKey, [u8; 32]) {
        let key = r4_sign::ed25519::SigningKey::from_seed(&[seed; 32]);
        let public = key.public_key();
        (key, public)
    }
}
