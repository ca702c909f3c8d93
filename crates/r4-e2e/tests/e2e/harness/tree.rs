//! A log's tree, hashed by another implementation (`tlog_tiles`) from the entries that a node gives
//! out.

use serde_json::Value;
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::checkpoint::Checkpoint;
use tlog_tiles::tlog::{
    Error, Hash, HashReader, record_hash, stored_hashes_for_record_hash, tree_hash,
};

use super::client::Client;

/// Entries asked for at a time: the most that a node gives.
const PAGE: usize = 1000;

/// The entries of a log, and every hash above them.
#[derive(Clone, Default)]
pub(crate) struct Tree {
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) hashes: Hashes,
}

/// Hashes in the order of `stored_hash_index`.
#[derive(Clone, Default)]
pub(crate) struct Hashes(Vec<Hash>);

impl HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let read = |index: &u64| self.0.get(usize::try_from(*index).ok()?).copied();
        indexes.iter().map(read).collect::<Option<_>>().ok_or(Error::IndexesNotInTree)
    }
}

impl Tree {
    /// Reads the entries that it has not read yet, by `GET {prefix}/receipts`.
    #[track_caller]
    pub(crate) fn read_on(&mut self, client: &Client, prefix: &str) {
        loop {
            let from = self.size();
            let page = client.get(&format!("{prefix}/receipts?from={from}&limit={PAGE}"));
            let page = page.expect(200).json();
            assert_eq!(page["from"], from.to_string());
            let entries = page["entries"].as_array().expect("entries");
            for entry in entries {
                self.push(entry);
            }
            if entries.len() < PAGE {
                return;
            }
        }
    }

    #[track_caller]
    fn push(&mut self, given: &Value) {
        let (index, bytes) = (self.size(), unhex(&given["entry"]));
        let leaf = record_hash(&bytes);
        assert_eq!(given["index"], index.to_string());
        assert_eq!(hash(&given["leaf_hash"]), leaf, "entry {index} has another leaf hash");
        self.push_entry(bytes);
    }

    /// Adds an entry.
    pub(crate) fn push_entry(&mut self, bytes: Vec<u8>) {
        let leaf = record_hash(&bytes);
        let new = stored_hashes_for_record_hash(self.size(), leaf, &self.hashes).expect("hashes");
        self.hashes.0.extend(new);
        self.entries.push(bytes);
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Returns the root of the first `size` entries.
    #[track_caller]
    pub(crate) fn root(&self, size: u64) -> Hash {
        assert!(size <= self.size(), "the tree has {} entries, not {size}", self.size());
        tree_hash(size, &self.hashes).expect("hashes")
    }
}

/// Returns the tree that a signed note vouches for; nobody's signature is checked.
#[track_caller]
pub(crate) fn checkpoint(note: &str) -> Checkpoint {
    let note = Note::from_bytes(note.as_bytes()).unwrap_or_else(|e| panic!("{e}: {note}"));
    let checkpoint = Checkpoint::from_bytes(note.text());
    checkpoint.unwrap_or_else(|e| panic!("{e}: {note:?}"))
}

/// Asserts that the Ed25519 key of the log that `keys` (the answer of `/keys`) names has signed the
/// note.
#[track_caller]
pub(crate) fn signed_by_log(note: &str, keys: &Value) {
    let key = keys["log"]["keys"][0].as_str().expect("a key");
    let key = StandardVerifier::new(key).unwrap_or_else(|e| panic!("{key}: {e}"));
    let note = Note::from_bytes(note.as_bytes()).expect("a note");
    let verified = note.verify(&VerifierList::new(vec![Box::new(key)]));
    let (good, unknown) = verified.unwrap_or_else(|e| panic!("{e}: {note:?}"));
    assert!(good.len() == 1 && !unknown.is_empty(), "{note:?}");
}

/// Reads `0x` and hexadecimal digits.
#[track_caller]
pub(crate) fn unhex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().and_then(|text| text.strip_prefix("0x"));
    hex::decode(digits.unwrap_or_else(|| panic!("no 0x: {text}"))).expect("hexadecimal")
}

/// Reads a hash of 32 bytes.
#[track_caller]
pub(crate) fn hash(text: &Value) -> Hash {
    Hash(unhex(text).try_into().expect("32 bytes"))
}
