//! Whose signatures count: the keys of a log and of its epochs, pinned in a file or trusted on first
//! use.

use std::path::Path;

use clap::ValueHint;
use r4_receipt::keys_document::{Epoch, MAX_KEYS_DOCUMENT_BYTES, Status};
use r4_receipt::{KeyHash, KeysDocument, LogKeys};
use r4_tlog::checkpoint::SignatureError;
use r4_tlog::{Checkpoint, SignatureLine, SignedCheckpoint, VerifierKey};

use super::client::ReadError;
use super::finding::{Alarm, Finding, Trouble};
use super::reader::{self, Reader};
use crate::exit::Error;
use crate::input::{self, Source};
use crate::{atomic_file, output};

/// The file in a mirror's or a monitor's folder that holds the trusted keys.
const KEPT: &str = "keys.json";

/// The option `--keys`.
#[derive(Debug, clap::Args)]
pub(super) struct KeysArg {
    /// Trust the keys in this answer of /v1/keys (- for standard input)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    keys: Option<Source>,
}

impl KeysArg {
    /// Returns the pinned keys, if there are any.
    ///
    /// # Errors
    /// They cannot be read or used.
    pub(super) fn read(&self) -> Result<Option<Trust>, Error> {
        self.keys.as_ref().map(|source| read(source).map(|(_, trust)| trust)).transpose()
    }
}

/// The keys that a log is checked with.
#[derive(Debug)]
pub(crate) struct Trust {
    /// The epochs.
    pub(crate) document: KeysDocument,
    /// The keys that sign checkpoints.
    pub(crate) log: LogKeys,
}

/// A checkpoint that both keys of the log have signed.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What it says.
    pub(crate) checkpoint: Checkpoint,
    /// The signed note, byte for byte.
    pub(crate) text: String,
    /// When the log signed it, in seconds since 1970.
    pub(crate) timestamp: u64,
}

impl Trust {
    /// Takes the keys that were pinned, else those that belong to `reader`: the ones beside a
    /// mirror, or the ones that the server names.
    ///
    /// # Errors
    /// There are none, or they cannot be used.
    pub(super) fn find(pinned: &KeysArg, reader: &Reader) -> Result<Self, Trouble> {
        if let Some(trust) = pinned.read()? {
            return Ok(trust);
        }
        match reader {
            Reader::Folder(folder) => {
                let path = folder.join(KEPT);
                if !path.exists() {
                    let reason = "no keys are kept there; say with --keys whose log it is";
                    return Err(Error::unusable(folder.display(), reason).into());
                }
                Ok(read(&Source::File(path))?.1)
            }
            Reader::Server { .. } => {
                let (_, trust) = served(reader)?;
                output::note(
                    "the keys are the ones that this server names itself; pin yours with --keys",
                );
                Ok(trust)
            }
        }
    }

    /// Takes the keys that were pinned, else those that are kept in `folder`; at the first time
    /// those that the server names, which are kept then. Returns with them what the server names now,
    /// unless keys were pinned: epochs that came later are for the log to announce.
    ///
    /// # Errors
    /// `key-change`: the server does not name what is kept any more. The keys cannot be read, used or
    /// kept.
    pub(super) fn find_and_keep(
        pinned: &KeysArg,
        reader: &Reader,
        folder: &Path,
    ) -> Result<(Self, Option<KeysDocument>), Trouble> {
        let path = folder.join(KEPT);
        if let Some(source) = &pinned.keys {
            let (bytes, trust) = read(source)?;
            atomic_file::keep(&path, &bytes)?;
            return Ok((trust, None));
        }
        let (bytes, named) = served(reader)?;
        if path.exists() {
            let (_, kept) = read(&Source::File(path.clone()))?;
            return Ok((kept.unless_changed(&named, &path)?, Some(named.document)));
        }
        atomic_file::keep(&path, &bytes)?;
        output::note(&format!(
            "trusted on first use: the keys that the server names, kept in {}; compare them with \
             what the operator publishes elsewhere",
            path.display()
        ));
        let document = named.document.clone();
        Ok((named, Some(document)))
    }

    /// Makes the trust of a keys document.
    ///
    /// # Errors
    /// It is none, or names no log.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let document = KeysDocument::parse(bytes).map_err(|error| {
            input::other_encoding(bytes).map_or_else(
                || format!("this is not an answer of /v1/keys: {error}"),
                str::to_owned,
            )
        })?;
        let log = document.log().cloned().ok_or("it names no keys of a log")?;
        Ok(Self { document, log })
    }

    fn unless_changed(self, now: &Self, path: &Path) -> Result<Self, Finding> {
        let epochs = || now.document.epochs().iter().map(Epoch::key_hash);
        let what = if self.log != now.log {
            "other keys of the log"
        } else if !self.document.key_hashes().all(|kept| epochs().any(|named| named == kept)) {
            "other key epochs"
        } else if self.revoked().any(|gone| now.counts(gone)) {
            "fewer revoked key epochs"
        } else {
            for gone in now.revoked().filter(|gone| self.counts(*gone)) {
                output::note(&format!(
                    "the operator has revoked the key epoch {gone}: receipts of it still verify with \
                     {}; give the new keys once with --keys",
                    path.display()
                ));
            }
            return Ok(self);
        };
        let reason = format!(
            "the server names {what} than those in {}; if the operator has announced that, give the \
             new keys once with --keys",
            path.display()
        );
        Err(Finding::new(Alarm::KeyChange, reason))
    }

    fn counts(&self, key_hash: KeyHash) -> bool {
        self.document.key_hashes().any(|counting| counting == key_hash)
    }

    fn revoked(&self) -> impl Iterator<Item = KeyHash> {
        let epochs = self.document.epochs().iter();
        epochs.filter(|epoch| epoch.status == Status::Revoked).map(Epoch::key_hash)
    }

    /// Checks a checkpoint: both keys of the log have signed it.
    ///
    /// # Errors
    /// `key-change`: another key of the log's name has. `invalid`: anything else.
    pub(crate) fn accept(&self, text: &str) -> Result<Seen, Finding> {
        let signed = SignedCheckpoint::parse(text)
            .map_err(|e| Finding::invalid(format!("this is no checkpoint: {e}")))?;
        let (named, pinned) = (&signed.checkpoint.origin, self.log.origin());
        if named != pinned {
            let reason = format!("the checkpoint is of the log {named:?}, not of {pinned:?}");
            return Err(Finding::invalid(reason));
        }
        let mut timestamp = None;
        for key in self.log.keys() {
            let verified = signed.verify(key).map_err(|e| self.refused(&signed, key, e))?;
            timestamp = timestamp.max(verified.timestamp);
        }
        let timestamp = timestamp.ok_or_else(|| Finding::invalid("the signature has no time"))?;
        let checkpoint = signed.checkpoint.clone();
        Ok(Seen { checkpoint, text: signed.to_string(), timestamp })
    }

    fn refused(
        &self,
        signed: &SignedCheckpoint,
        key: &VerifierKey,
        error: SignatureError,
    ) -> Finding {
        let reason = format!("the checkpoint is not signed by the key {}: {error}", short(key));
        let foreign = |line: &SignatureLine| {
            line.name == key.name() && self.log.keys().iter().all(|key| key.id() != line.key_id)
        };
        if error == SignatureError::Missing && signed.note().signatures.iter().any(foreign) {
            return Finding::new(
                Alarm::KeyChange,
                format!("{reason}; other keys of its name have"),
            );
        }
        Finding::invalid(reason)
    }
}

/// The name and the id of a key, without the key itself.
fn short(key: &VerifierKey) -> String {
    format!("{}+{}", key.name(), hex::encode(key.id()))
}

fn read(source: &Source) -> Result<(Vec<u8>, Trust), Error> {
    let bytes = source.read("a list of keys", MAX_KEYS_DOCUMENT_BYTES as u64)?;
    let trust = Trust::parse(&bytes).map_err(|reason| Error::unusable(source, reason))?;
    Ok((bytes, trust))
}

/// Asks the server of a log for its keys.
fn served(reader: &Reader) -> Result<(Vec<u8>, Trust), Trouble> {
    let Reader::Server { client, prefix } = reader else {
        return Err(
            Error::Unusable("a folder names no keys; give them with --keys".to_owned()).into()
        );
    };
    let url = keys_url(prefix)?;
    let bytes = client.get(&url, MAX_KEYS_DOCUMENT_BYTES).map_err(|error| match error {
        ReadError::Missing(url) => Finding::new(
            Alarm::Unreachable,
            format!("{url} is not there; give the keys with --keys"),
        ),
        ReadError::Unreachable(reason) => Finding::new(Alarm::Unreachable, reason),
    })?;
    let trust = Trust::parse(&bytes).map_err(|e| Finding::invalid(format!("{url}: {e}")))?;
    Ok((bytes, trust))
}

/// Returns where a node names its keys: beside its log.
///
/// # Errors
/// The URL does not end as a node's does.
pub(crate) fn keys_url(prefix: &str) -> Result<String, Error> {
    let node = prefix.strip_suffix("/log").ok_or_else(|| {
        let reason = "it does not end in /log, so that its keys are not known to be beside it; \
                      give them with --keys";
        Error::unusable(prefix, reason)
    })?;
    Ok(format!("{node}/keys"))
}

/// Reads the checkpoint that a mirror holds, if it holds one.
///
/// # Errors
/// It cannot be read or is not signed by the log.
pub(super) fn kept_checkpoint(trust: &Trust, path: &Path) -> Result<Option<Seen>, Error> {
    let text = match reader::file(path, reader::MAX_CHECKPOINT_BYTES) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(ReadError::Missing(_)) => return Ok(None),
        Err(error) => return Err(Error::Unusable(error.to_string())),
    };
    let seen = trust.accept(&text).map_err(|e| Error::unusable(path.display(), e))?;
    Ok(Some(seen))
}
