//! A log to copy, check and watch: made as a node makes it, in a folder that a server can serve.

use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use r4_keystore::keys::NodeKeys;
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::seed::RootSeed;
use r4_receipt::alpha::index_alpha;
use r4_receipt::entry::{Announcement, Answer, EpochKeys, Handover, Missed};
use r4_receipt::keys_document::{Epoch, Status};
use r4_receipt::{Entry, KeyHash, KeysDocument, LogKeys, PublicKeys, Schemes};
use r4_tlog::hash::leaf_hash;
use r4_tlog::tile::{Kind, Tile, push_entry, subtree_root};
use r4_tlog::tree::{Frontier, Nodes, consistency_proof, inclusion_proof};
use r4_tlog::{Checkpoint, Hash, SignedCheckpoint};
use zeroize::Zeroizing;

use crate::sample::node;

pub(crate) const ORIGIN: &str = "log.example.org/v1/log";
const TIMESTAMP: u64 = 1_787_315_696;
/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;

/// A log in memory.
pub(crate) struct SampleLog {
    pub(crate) node: NodeKeys,
    /// The epochs before.
    pub(crate) retired: Vec<PublicKeys>,
    pub(crate) keys: NoteKeys,
    pub(crate) entries: Vec<Vec<u8>>,
}

pub(crate) fn note_keys(seed: u8, origin: &str) -> NoteKeys {
    NoteKeys::log(&RootSeed::from_bytes(Zeroizing::new([seed; 32])), origin).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "r4 looks at the same clock")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl SampleLog {
    /// The keys of its epoch and then answers, `size` entries together.
    pub(crate) fn new(size: u64) -> Self {
        let (node, keys) = (node(1), note_keys(2, ORIGIN));
        let mut log = Self { node, retired: Vec::new(), keys, entries: Vec::new() };
        log.push(&Entry::Keys(Box::new(EpochKeys {
            index: 0,
            timestamp: TIMESTAMP,
            previous: None,
            keys: log.node.public_keys().clone(),
        })));
        log.grow(size);
        log
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn push(&mut self, entry: &Entry) {
        self.entries.push(entry.to_bytes());
    }

    pub(crate) fn key_hash(&self) -> KeyHash {
        self.node.public_keys().key_set().key_hash()
    }

    /// The entry by which the epoch that signs announces `next`, a day and more before the answers are
    /// dated, and `notice` seconds before its use.
    pub(crate) fn announcement(&self, next: &NodeKeys, notice: u64) -> EpochKeys {
        let timestamp = TIMESTAMP - 2 * DAY;
        let keys = next.public_keys().clone();
        let said = Announcement {
            index: self.size(),
            timestamp,
            previous: self.key_hash(),
            key_hash: keys.key_set().key_hash(),
            valid_from: timestamp.saturating_add(notice),
        };
        let mldsa65 = self.node.sign_mldsa(&said.mldsa_message()).unwrap();
        let previous = Some(Handover {
            key_hash: said.previous,
            valid_from: said.valid_from,
            ecdsa: self.node.sign_ecdsa(&said.digest()).unwrap().to_bytes(),
            mldsa65: mldsa65.try_into().unwrap(),
        });
        EpochKeys { index: said.index, timestamp, previous, keys }
    }

    /// Announces `next`, and lets it sign from now on.
    pub(crate) fn hand_over(&mut self, next: NodeKeys, notice: u64) {
        self.push(&Entry::Keys(Box::new(self.announcement(&next, notice))));
        self.retired.push(self.node.public_keys().clone());
        self.node = next;
    }

    /// Adds answers until there are `size` entries; each third is an attestation.
    pub(crate) fn grow(&mut self, size: u64) {
        while self.size() < size {
            let answer = self.answer(self.size());
            let attested = self.size().is_multiple_of(3);
            self.push(&if attested { Entry::Attested(answer) } else { Entry::Vrf(answer) });
        }
    }

    /// An answer of the index.
    pub(crate) fn answer(&self, index: u64) -> Answer {
        Answer {
            digest: leaf_hash(&index.to_be_bytes()),
            key_hash: self.key_hash(),
            index,
            input_hash: [7; 32],
            random: [9; 32],
            timestamp: TIMESTAMP,
            schemes: Schemes::Dual,
        }
    }

    /// The entry of the next index, which nobody was answered with.
    pub(crate) fn missed(&self) -> Missed {
        let (key_hash, index) = (self.key_hash(), self.size());
        let proof = self.node.prove(&index_alpha(&key_hash, index)).unwrap();
        Missed::new(key_hash, index, TIMESTAMP, &proof)
    }

    /// The document of `GET /keys`.
    pub(crate) fn keys_json(&self) -> String {
        let log = LogKeys::new(self.keys.verifier_keys().clone()).unwrap();
        let epoch = |keys: &PublicKeys, status| {
            let (keys, valid_from, valid_until) = (keys.clone(), None, None);
            Epoch { keys, status, valid_from, valid_until }
        };
        let retired = self.retired.iter().map(|keys| epoch(keys, Status::Retired));
        let active = epoch(self.node.public_keys(), Status::Active);
        let epochs = retired.chain([active]).collect();
        KeysDocument::of_epochs(epochs).with_log(log).to_json()
    }

    /// The checkpoint of the first `size` entries, without a signature.
    pub(crate) fn checkpoint(&self, size: u64) -> Checkpoint {
        let mut frontier = Frontier::new();
        let entries = self.entries.iter().take(usize::try_from(size).unwrap());
        entries.for_each(|entry| frontier.push(leaf_hash(entry)));
        Checkpoint { origin: ORIGIN.to_owned(), size, root: frontier.root() }
    }

    /// The checkpoint of all entries, signed at `timestamp`.
    pub(crate) fn signed(&self, timestamp: u64) -> SignedCheckpoint {
        let checkpoint = self.checkpoint(self.size());
        let lines = self.keys.sign(&checkpoint, timestamp).unwrap();
        SignedCheckpoint::new(checkpoint, lines)
    }

    /// The proof that the log begins with its first `old` entries.
    pub(crate) fn consistency(&self, old: u64) -> Vec<Hash> {
        consistency_proof(&self.leaves(), old, self.size()).unwrap()
    }

    /// The proof that the entry is in the log.
    pub(crate) fn inclusion(&self, index: u64) -> Vec<Hash> {
        inclusion_proof(&self.leaves(), index, self.size()).unwrap()
    }

    fn leaves(&self) -> Leaves {
        Leaves(self.entries.iter().map(|entry| leaf_hash(entry)).collect())
    }

    /// Writes what a node serves: `keys`, `log/checkpoint` signed now, `log/tile/..`.
    pub(crate) fn publish(&self, folder: &Path) {
        self.publish_at(folder, now());
    }

    /// As [`Self::publish`], signed at `timestamp`.
    pub(crate) fn publish_at(&self, folder: &Path, timestamp: u64) {
        let log = folder.join("log");
        fs::create_dir_all(&log).unwrap();
        fs::write(folder.join("keys"), self.keys_json()).unwrap();
        let mut level: Vec<u8> = Vec::new();
        for (index, entries) in (0..).zip(self.entries.chunks(256)) {
            let mut bundle = Vec::new();
            for entry in entries {
                push_entry(&mut bundle, entry).unwrap();
            }
            level.extend(entries.iter().flat_map(|entry| leaf_hash(entry)));
            let width = u16::try_from(entries.len()).unwrap();
            write(&log, &Tile { kind: Kind::Entries, index, width }, &bundle);
        }
        for number in 0.. {
            for (index, hashes) in (0..).zip(level.chunks(256 * 32)) {
                let width = u16::try_from(hashes.len() / 32).unwrap();
                write(&log, &Tile { kind: Kind::Hashes(number), index, width }, hashes);
            }
            let (full, _) = level.as_chunks::<{ 256 * 32 }>();
            level = full.iter().flat_map(|tile| subtree_root(tile).unwrap()).collect();
            if level.is_empty() {
                break;
            }
        }
        fs::write(log.join("checkpoint"), self.signed(timestamp).to_string()).unwrap();
    }
}

/// The hashes of all leaves, from which every node is made anew.
struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        let first = usize::try_from(index << level).unwrap();
        Ok(subtree_root(self.0[first..][..1 << level].as_flattened()).unwrap())
    }
}

fn write(log: &Path, tile: &Tile, bytes: &[u8]) {
    let path = log.join(tile.to_string());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
