//! Detached `OpenPGP` signatures, checked by `gpgv`.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::NamedTempFile;

use super::armor;
use crate::exit::Error;
use crate::input;

const MAX_KEY_BYTES: u64 = 1 << 20;
const MAX_SIGNATURE_BYTES: u64 = 64 << 10;

/// A public key, as a key ring of its own.
#[derive(Debug)]
pub(super) struct Key(NamedTempFile);

impl Key {
    /// Reads a key in ASCII armor.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let refuse = |reason: String| Error::unusable(path.display(), reason);
        let text = input::file(path, "an OpenPGP key", MAX_KEY_BYTES)?;
        let bytes = armor::decode(&text, "PUBLIC KEY BLOCK").map_err(refuse)?;
        let ring = NamedTempFile::new().and_then(|mut ring| ring.write_all(&bytes).map(|()| ring));
        ring.map(Self).map_err(|error| refuse(format!("no temporary file: {error}")))
    }

    /// Checks that the file `signature` is this key's, over `bytes`.
    pub(super) fn check(&self, signature: &Path, bytes: &[u8]) -> Result<(), String> {
        let text = input::file(signature, "a signature", MAX_SIGNATURE_BYTES);
        let text = text.map_err(|error| error.to_string())?;
        armor::decode(&text, "SIGNATURE")?;
        let output = self.gpgv(signature, bytes).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "gpgv is not installed (Debian: apt install gpgv)".to_owned(),
            _ => format!("gpgv: {error}"),
        })?;
        let status = String::from_utf8_lossy(&output.stdout);
        // Expired and revoked keys have other words for a signature that is right in itself.
        let good = status.lines().any(|line| line.starts_with("[GNUPG:] GOODSIG "));
        if good && output.status.success() {
            return Ok(());
        }
        Err("it is not a good signature by the given key".to_owned())
    }

    fn gpgv(&self, signature: &Path, bytes: &[u8]) -> Result<Output, std::io::Error> {
        let mut gpgv = Command::new("gpgv");
        gpgv.arg("--keyring").arg(self.0.path()).args(["--status-fd", "1"]).arg(signature).arg("-");
        gpgv.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = gpgv.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // It stops reading where it has seen enough; its status says so then.
            drop(stdin.write_all(bytes));
        }
        child.wait_with_output()
    }
}
