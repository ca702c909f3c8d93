//! The clear part of a backup: a small file beside the archive, written last. A backup without it does
//! not exist.

use r4_receipt::{KeyHash, Timestamp};
use serde::{Deserialize, Serialize};

use crate::exit::Error;

const FORMAT: &str = "r4-backup/v1";
/// More than a manifest has.
pub(super) const MOST_BYTES: u64 = 64 * 1024;

/// What a backup is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: String,
    /// The program that made it.
    program: String,
    /// When it was made, in seconds since 1970.
    pub(super) time: u64,
    /// Key hash of the root seed in it.
    pub(super) key_hash: String,
    /// The log's name.
    pub(super) origin: String,
    /// Entries of the log.
    pub(super) log_size: u64,
    /// The root of their tree.
    pub(super) log_root: String,
    /// Whether the gateway's API keys are in it.
    pub(super) gateway: Gateway,
    /// To whom the archive is encrypted.
    pub(super) recipients: Vec<String>,
    /// Bytes of the archive.
    pub(super) size: u64,
    /// Its SHA-256.
    pub(super) sha256: String,
}

/// What became of the gateway's API keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Gateway {
    /// They are in the archive.
    Included,
    /// They are in `PostgreSQL`, or nowhere.
    Elsewhere,
    /// Nobody wanted them.
    LeftOut,
}

/// What a manifest says of the node.
pub(super) struct Subject {
    pub(super) time: u64,
    pub(super) key_hash: KeyHash,
    pub(super) origin: String,
    pub(super) log_size: u64,
    pub(super) log_root: [u8; 32],
}

impl Manifest {
    /// Describes an archive.
    pub(super) fn new(
        subject: Subject,
        gateway: Gateway,
        recipients: Vec<String>,
        (size, sha256): (u64, String),
    ) -> Self {
        let Subject { time, key_hash, origin, log_size, log_root } = subject;
        Self {
            format: FORMAT.to_owned(),
            program: concat!("r4 ", env!("CARGO_PKG_VERSION")).to_owned(),
            time,
            key_hash: key_hash.to_string(),
            origin,
            log_size,
            log_root: crate::hexadecimal::show(&log_root),
            gateway,
            recipients,
            size,
            sha256,
        }
    }

    /// Reads a manifest that is called `name`.
    ///
    /// # Errors
    /// It is none, or belongs to another name.
    pub(super) fn parse(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let refuse = |reason: String| Error::unusable(format_args!("{name}.json"), reason);
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| refuse(format!("it is no manifest of a backup: {error}")))?;
        if manifest.format != FORMAT {
            let reason = format!("it has the form {}, this r4 knows {FORMAT}", manifest.format);
            return Err(refuse(reason));
        }
        if manifest.name() != Some(name.to_owned()) {
            return Err(refuse("it belongs to a backup of another name".to_owned()));
        }
        Ok(manifest)
    }

    /// Writes the JSON.
    pub(super) fn to_json(&self) -> Result<String, Error> {
        let text = serde_json::to_string_pretty(self).map_err(Error::failed)?;
        Ok(format!("{text}\n"))
    }

    /// Returns the name of the backup.
    pub(super) fn name(&self) -> Option<String> {
        let key_hash = KeyHash::parse(&self.key_hash).ok()?;
        name(&key_hash, self.time)
    }

    /// Returns when it was made, for people.
    pub(super) fn when(&self) -> String {
        Timestamp::from_unix(self.time).map_or_else(|_| "?".to_owned(), |time| time.to_string())
    }
}

/// Names a backup: by its key id, and by its time without punctuation.
pub(super) fn name(key_hash: &KeyHash, time: u64) -> Option<String> {
    Some(format!("r4-{}-{}", hex::encode(key_hash.key_id().as_bytes()), compact(time)?))
}

/// Writes a time as a part of a name: 20270115T080000Z.
pub(super) fn compact(time: u64) -> Option<String> {
    let time = Timestamp::from_unix(time).ok()?.to_string();
    Some(time.replace(['-', ':'], ""))
}

/// Names the archive of a backup.
pub(super) fn archive_of(name: &str) -> String {
    format!("{name}.tar.age")
}

/// Names the manifest of a backup.
pub(super) fn manifest_of(name: &str) -> String {
    format!("{name}.json")
}
