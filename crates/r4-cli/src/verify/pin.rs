//! Whom to trust: `--keys`, `--key-hash` or `--signer`.

use std::path::PathBuf;

use r4_receipt::keys_document::MAX_KEYS_DOCUMENT_BYTES;
use r4_receipt::{KeyHash, KeysDocument, Pin};
use r4_sign::Address;

use crate::exit::Error;
use crate::{hexadecimal, input};

/// The three ways to name the signer, of which a caller picks one. Together they would leave open
/// whether one or each of them has to fit.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct PinArgs {
    /// Trust the keys in this file (the answer of /v1/keys)
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Trust the keys with this hash; may be given several times
    #[arg(long, value_name = "HEX", value_parser = key_hash)]
    key_hash: Vec<[u8; 32]>,
    /// Trust this ECDSA address, and no other key
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    signer: Option<Address>,
}

impl PinArgs {
    /// Returns which of the three was given, by its name in JSON.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self {
            Self { keys: Some(_), .. } => Some("keys"),
            Self { signer: Some(_), .. } => Some("signer"),
            Self { key_hash, .. } if !key_hash.is_empty() => Some("key_hash"),
            _ => None,
        }
    }

    /// Returns what was named, reading the file of keys.
    ///
    /// # Errors
    /// The file cannot be read, is no list of keys, or lists none that may be trusted.
    pub(super) fn read(&self) -> Result<Pin, Error> {
        if let Some(signer) = self.signer {
            return Ok(Pin::Signer(signer));
        }
        if !self.key_hash.is_empty() {
            return Ok(Pin::KeyHashes(self.key_hash.iter().copied().map(KeyHash::new).collect()));
        }
        let Some(path) = &self.keys else { return Ok(Pin::None) };
        let bytes = input::file(path, "a list of keys", MAX_KEYS_DOCUMENT_BYTES as u64)?;
        let document = KeysDocument::parse(&bytes).map_err(|e| {
            Error::unusable(path.display(), format!("this is not an answer of /v1/keys: {e}"))
        })?;
        let hashes: Vec<KeyHash> = document.key_hashes().collect();
        if hashes.is_empty() {
            return Err(Error::unusable(path.display(), "it lists no key that may be trusted"));
        }
        Ok(Pin::KeyHashes(hashes))
    }

    /// Says in words what was named.
    pub(super) fn describe(&self) -> String {
        match (&self.keys, &self.signer) {
            (Some(path), _) => format!("the keys in {}", path.display()),
            (None, Some(signer)) => format!("the ECDSA address {signer} alone"),
            (None, None) => "the key hash you gave".to_owned(),
        }
    }
}

fn key_hash(text: &str) -> Result<[u8; 32], hexadecimal::HexError> {
    hexadecimal::array(text)
}
