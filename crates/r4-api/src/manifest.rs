//! The manifest of the sealed core: what `re4_dump` must be, byte for byte.
//!
//! An unsigned manifest detects corruption only; [`Manifest::verify_signature`] ties it to a key
//! that the operator pins with `R4_MANIFEST_PUBLIC_KEY`.

use r4_sign::ed25519;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// `selftest/manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// File name of the sealed binary, without a folder.
    pub file: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256, 64 lowercase hex digits.
    pub sha256: String,
    /// Version of the crate it was built from.
    pub version: String,
    /// Commit it was built from, or `unknown`.
    pub core_git: String,
}

/// Why a manifest or the binary it describes is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The text is not a manifest.
    #[error("manifest is not valid: {0}")]
    Parse(String),
    /// `sha256` is not 64 lowercase hex digits.
    #[error("manifest field sha256 is not 64 lowercase hex digits")]
    Sha256Form,
    /// The binary is longer or shorter than stated.
    #[error("sealed core is {got} bytes, the manifest says {want}")]
    Size {
        /// Bytes found.
        got: u64,
        /// Bytes stated.
        want: u64,
    },
    /// The binary's digest differs.
    #[error("sealed core has sha256 {got}, the manifest says {want}")]
    Sha256 {
        /// Digest found.
        got: String,
        /// Digest stated.
        want: String,
    },
    /// The signature file is not 128 hex digits.
    #[error("the signature of the manifest is missing or not 128 hex digits")]
    SignatureForm,
    /// The public key is not 64 hex digits.
    #[error("manifest public key is not 64 hex digits")]
    PublicKeyForm,
    /// The signature does not verify under the pinned key.
    #[error("manifest signature does not verify under the pinned public key")]
    Signature,
}

impl Manifest {
    /// Describes `bytes`, the contents of `file`.
    pub fn of_bytes(file: &str, version: &str, core_git: &str, bytes: &[u8]) -> Self {
        Self {
            file: file.to_owned(),
            size: bytes.len() as u64,
            sha256: sha256_hex(bytes),
            version: version.to_owned(),
            core_git: core_git.to_owned(),
        }
    }

    /// Parses the JSON text of a manifest; unknown, duplicate and missing fields are refused.
    ///
    /// # Errors
    /// [`ManifestError::Parse`] or [`ManifestError::Sha256Form`].
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        // serde would take an array of the values in order for the object.
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err(ManifestError::Parse("not a JSON object".to_owned()));
        }
        let manifest: Self =
            serde_json::from_slice(text).map_err(|e| ManifestError::Parse(e.to_string()))?;
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if manifest.sha256.len() != 64 || !manifest.sha256.bytes().all(is_hex) {
            return Err(ManifestError::Sha256Form);
        }
        Ok(manifest)
    }

    /// Returns the JSON text, with a final newline. `parse(to_json(m)) == m`.
    pub fn to_json(&self) -> String {
        let value = serde_json::json!({
            "file": self.file, "size": self.size, "sha256": self.sha256,
            "version": self.version, "core_git": self.core_git,
        });
        format!("{value:#}\n")
    }

    /// Checks that `bytes` are the binary described here.
    ///
    /// # Errors
    /// [`ManifestError::Size`] or [`ManifestError::Sha256`].
    pub fn matches(&self, bytes: &[u8]) -> Result<(), ManifestError> {
        let size = bytes.len() as u64;
        if size != self.size {
            return Err(ManifestError::Size { got: size, want: self.size });
        }
        let got = sha256_hex(bytes);
        if got == self.sha256 {
            Ok(())
        } else {
            Err(ManifestError::Sha256 { got, want: self.sha256.clone() })
        }
    }

    /// Checks a detached Ed25519 signature (RFC 8032) over the manifest's exact text.
    ///
    /// `signature` is the content of `manifest.json.sig` (128 hex digits, surrounding white space
    /// ignored).
    ///
    /// # Errors
    /// [`ManifestError::SignatureForm`] or [`ManifestError::Signature`].
    pub fn verify_signature(
        text: &[u8],
        signature: &str,
        public_key: &[u8; 32],
    ) -> Result<(), ManifestError> {
        let mut sig = [0u8; 64];
        hex::decode_to_slice(signature.trim(), &mut sig)
            .map_err(|_| ManifestError::SignatureForm)?;
        ed25519::verify(public_key, text, &sig).map_err(|_| ManifestError::Signature)
    }
}

/// Reads the Ed25519 key that manifests are signed with: 64 hex digits, `0x` optional.
///
/// # Errors
/// [`ManifestError::PublicKeyForm`].
pub fn parse_public_key(text: &str) -> Result<[u8; 32], ManifestError> {
    let mut key = [0u8; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut key)
        .map_err(|_| ManifestError::PublicKeyForm)?;
    Ok(key)
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::of_bytes("re4_dump", "0.1.0", "abc", b"binary")
    }

    #[test]
    fn round_trip() {
        let m = manifest();
        assert_eq!(Manifest::parse(m.to_json().as_bytes()), Ok(m));
    }

    #[test]
    fn unknown_duplicate_missing_and_malformed_fields_are_refused() {
        let good = manifest().to_json();
        for bad in [
            good.replace("\"size\"", "\"bytes\""),
            good.replace("\"size\": 6", "\"size\": 6, \"size\": 6"),
            good.replace("\"size\": 6", "\"size\": -6"),
            good.replace("\"version\": \"0.1.0\"", "\"version\": \"0.1.0\", \"x\": 1"),
            format!(r#"["re4_dump", 6, "{}", "0.1.0", "abc"]"#, manifest().sha256),
            String::new(),
        ] {
            assert!(
                matches!(Manifest::parse(bad.as_bytes()), Err(ManifestError::Parse(_))),
                "{bad}"
            );
        }
        let upper = good.replace(&manifest().sha256, &manifest().sha256.to_uppercase());
        assert_eq!(Manifest::parse(upper.as_bytes()), Err(ManifestError::Sha256Form));
    }

    #[test]
    fn every_changed_binary_is_refused() {
        assert_eq!(manifest().matches(b"binary"), Ok(()));
        assert!(matches!(manifest().matches(b"binarx"), Err(ManifestError::Sha256 { .. })));
        assert!(matches!(manifest().matches(b"binary "), Err(ManifestError::Size { .. })));
    }

    #[test]
    fn signature_binds_text_and_key() {
        let key = ed25519::SigningKey::from_seed(&[7; 32]);
        let text = manifest().to_json();
        let sig = hex::encode(key.sign(text.as_bytes()));
        let public = key.public_key();
        let check = |t: &str, s: &str, p| Manifest::verify_signature(t.as_bytes(), s, p);
        assert_eq!(check(&text, &format!("{sig}\n"), &public), Ok(()));
        assert_eq!(check(&format!("{text} "), &sig, &public), Err(ManifestError::Signature));
        let other = ed25519::SigningKey::from_seed(&[8; 32]).public_key();
        assert_eq!(check(&text, &sig, &other), Err(ManifestError::Signature));
        assert_eq!(check(&text, "00", &public), Err(ManifestError::SignatureForm));
    }

    #[test]
    fn a_public_key_is_64_hex_digits() {
        let text = "ab".repeat(32);
        assert_eq!(parse_public_key(&text), Ok([0xab; 32]));
        assert_eq!(parse_public_key(&format!("0x{text}")), Ok([0xab; 32]));
        assert_eq!(parse_public_key("00"), Err(ManifestError::PublicKeyForm));
        assert_eq!(parse_public_key(&text.replace('a', "g")), Err(ManifestError::PublicKeyForm));
    }
}
