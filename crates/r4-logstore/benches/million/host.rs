//! What a node gives its log, made here: the keys that sign checkpoints, and records.

use std::time::{SystemTime, UNIX_EPOCH};

use r4_keystore::{note_keys::NoteKeys, seed::RootSeed};
use r4_logstore::{Host, HostError, Record};
use r4_tlog::{Checkpoint, SignedCheckpoint};
use zeroize::Zeroizing;

/// The log's name.
pub(crate) const ORIGIN: &str = "log.example.org/v1/log";
/// Octets of the entry of an answer, and of the entry of an epoch's keys.
const ENTRY_BYTES: [usize; 2] = [147, 2101];
/// Octets that are kept of a receipt that is signed by ECDSA alone.
const BODY_BYTES: usize = 250;

/// Signs as a node does.
pub(crate) struct Keys(NoteKeys);

impl Keys {
    pub(crate) fn new() -> Self {
        let seed = RootSeed::from_bytes(Zeroizing::new([7; 32]));
        Self(NoteKeys::log(&seed, ORIGIN).expect("the origin is a name"))
    }
}

impl Host for Keys {
    #[expect(clippy::disallowed_methods, reason = "r4-service, which has the clock, is above")]
    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
    }

    fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, HostError> {
        let lines = self.0.sign(checkpoint, self.now());
        let lines = lines.map_err(|error| HostError(error.to_string()))?;
        Ok(SignedCheckpoint::new(checkpoint.clone(), lines))
    }

    fn missed(&self, index: u64) -> Result<Vec<u8>, HostError> {
        Err(HostError(format!("index {index} was not appended")))
    }
}

/// Makes records of the sizes of real ones, of bytes that look random and are the same in every run.
pub(crate) struct Records(u64);

impl Records {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Makes the entry of an answer.
    pub(crate) fn answer(&mut self, index: u64) -> Record {
        let [length, _] = ENTRY_BYTES;
        let mut entry = self.bytes(length);
        entry.splice(..2, [1, 1]);
        let id = entry.get(2..34).and_then(|id| id.try_into().ok());
        Record { index, id, entry, body: self.bytes(BODY_BYTES) }
    }

    /// Makes the entry that a log begins with.
    pub(crate) fn keys(&mut self) -> Record {
        let [_, length] = ENTRY_BYTES;
        let mut entry = self.bytes(length);
        entry.splice(..2, [1, 4]);
        Record { index: 0, id: None, entry, body: Vec::new() }
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let words = (0..length.div_ceil(8)).flat_map(|_| self.next().to_ne_bytes());
        words.take(length).collect()
    }

    /// The generator `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}
