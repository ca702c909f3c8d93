//! Whom to trust: `--keys`, `--key-hash` or `--signer`.

use clap::ValueHint;
use r4_receipt::keys_document::MAX_KEYS_DOCUMENT_BYTES;
use r4_receipt::{KeyHash, KeysDocument, LogKeys, Pin};
use r4_sign::Address;

use crate::exit::Error;
use crate::hexadecimal;
use crate::input::{self, Source};

/// The three ways to name the signer, of which a caller picks one. Together they would leave open
/// whether one or each of them has to fit.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct PinArgs {
    /// Trust the keys in this file (the answer of /v1/keys; - for standard input)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    keys: Option<Source>,
    /// Trust the keys with this hash; may be given several times
    #[arg(long, value_name = "HEX")]
    key_hash: Vec<String>,
    /// Trust this ECDSA address, and no other key
    #[arg(long, value_name = "ADDRESS")]
    signer: Option<String>,
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

    /// Says whether the keys are to be read from standard input.
    pub(super) const fn is_stdin(&self) -> bool {
        matches!(self.keys, Some(Source::Stdin))
    }

    /// Returns what was named, and the keys of the log if a file of keys names them. clap takes the values as they are, so that
    /// `--json` can answer for every mistake.
    ///
    /// # Errors
    /// A value is malformed; the file cannot be read, is no list of keys, or lists none that may be
    /// trusted.
    pub(super) fn read(&self) -> Result<(Pin, Option<LogKeys>), Error> {
        if let Some(text) = &self.signer {
            let signer = Address::parse(text)
                .map_err(|e| Error::unusable(format_args!("--signer {text}"), e))?;
            return Ok((Pin::Signer(signer), None));
        }
        if let Some(source) = &self.keys {
            return trusted_keys(source).map(|(hashes, log)| (Pin::KeyHashes(hashes), log));
        }
        if self.key_hash.is_empty() {
            return Ok((Pin::None, None));
        }
        self.key_hash
            .iter()
            .map(|text| key_hash(text))
            .collect::<Result<_, _>>()
            .map(|hashes| (Pin::KeyHashes(hashes), None))
    }

    /// Says in words what was named.
    pub(super) fn describe(&self) -> String {
        match (&self.keys, &self.signer) {
            (Some(source), _) => format!("the keys in {source}"),
            (None, Some(signer)) => format!("the ECDSA address {signer} alone"),
            (None, None) => "the key hash you gave".to_owned(),
        }
    }
}

fn trusted_keys(source: &Source) -> Result<(Vec<KeyHash>, Option<LogKeys>), Error> {
    let bytes = source.read("a list of keys", MAX_KEYS_DOCUMENT_BYTES as u64)?;
    let document = KeysDocument::parse(&bytes).map_err(|e| {
        let reason = input::other_encoding(&bytes)
            .map_or_else(|| format!("this is not an answer of /v1/keys: {e}"), str::to_owned);
        Error::unusable(source, reason)
    })?;
    // There may be none, where all are revoked: then no receipt is by a pinned key.
    Ok((document.key_hashes().collect(), document.log().cloned()))
}

fn key_hash(text: &str) -> Result<KeyHash, Error> {
    hexadecimal::key_hash(text).map_err(|e| Error::unusable(format_args!("--key-hash {text}"), e))
}
