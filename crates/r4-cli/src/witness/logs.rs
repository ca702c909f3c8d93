//! The logs that a witness knows: their keys, given or asked for once and kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use r4_receipt::KeysDocument;
use r4_receipt::keys_document::MAX_KEYS_DOCUMENT_BYTES;
use r4_tlog::VerifierKey;
use sha2::{Digest as _, Sha256};

use super::config::Config;
use crate::exit::Error;
use crate::log::{Client, ReadError, keys_url};
use crate::{atomic_file, input, output};

/// Most time that a node may take to name its keys at the first start.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(2);

/// Returns the keys of each log by its origin.
///
/// # Errors
/// A node does not name its keys, or they cannot be kept.
pub(super) fn known(config: &Config) -> Result<BTreeMap<String, Vec<VerifierKey>>, Error> {
    let mut logs: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
    let mut add = |key: VerifierKey| {
        let keys = logs.entry(key.name().to_owned()).or_default();
        if !keys.contains(&key) {
            keys.push(key);
        }
    };
    config.log_keys.iter().cloned().for_each(&mut add);
    for url in &config.log_urls {
        keys_of(url, &config.identity.state)?.into_iter().for_each(&mut add);
    }
    Ok(logs)
}

/// Returns the keys that were kept for the log at `url`; at the first time asks for them.
fn keys_of(url: &str, state: &Path) -> Result<[VerifierKey; 2], Error> {
    let folder = state.join("keys");
    let path = folder.join(format!("{}.json", short_name(url)));
    if path.exists() {
        let bytes = input::file(&path, "a list of keys", MAX_KEYS_DOCUMENT_BYTES as u64)?;
        return log_keys(&bytes).map_err(|reason| Error::unusable(path.display(), reason));
    }
    let source = keys_url(url)?;
    let bytes = ask(&source)?;
    let keys = log_keys(&bytes).map_err(|reason| Error::unusable(&source, reason))?;
    fs::create_dir_all(&folder)
        .map_err(|e| Error::unusable(folder.display(), format!("it cannot be made: {e}")))?;
    atomic_file::keep(&path, &bytes)?;
    output::note(&format!("trusted on first use: the log keys that {source} names"));
    Ok(keys)
}

fn log_keys(bytes: &[u8]) -> Result<[VerifierKey; 2], String> {
    let document = KeysDocument::parse(bytes).map_err(|error| error.to_string())?;
    let keys = document.log().map(|log| log.keys().clone());
    keys.ok_or_else(|| "it names no keys of a log".to_owned())
}

/// Asks until there is an answer: the node may be starting, too.
fn ask(url: &str) -> Result<Vec<u8>, Error> {
    let (client, until) = (Client::new(), Instant::now() + PATIENCE);
    loop {
        match client.get(url, MAX_KEYS_DOCUMENT_BYTES) {
            Ok(bytes) => return Ok(bytes),
            Err(ReadError::Unreachable(_)) if Instant::now() < until => thread::sleep(PAUSE),
            Err(error) => return Err(Error::Unusable(error.to_string())),
        }
    }
}

/// A file name for anything: 16 bytes of its SHA-256.
pub(super) fn short_name(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default())
}
