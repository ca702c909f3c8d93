//! What the clients of a log have seen: every answer that they read to its end, and every tree that
//! was signed for them. After a crash all of it must still be true.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tlog_tiles::tlog::{Hash, check_record};

use super::client::Client;
use super::entry::{Entry, Kind};
use super::load::Load;
use super::tree::{Tree, checkpoint, hash, signed_by_log, unhex};
use super::wire::Response;

/// All that was seen of one log.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    answers: BTreeMap<u64, Answer>,
    /// Indexes of answers that came since the last proof.
    fresh: Vec<u64>,
    /// The root of each tree that a checkpoint was seen of.
    trees: BTreeMap<u64, Hash>,
    /// The answer of `/keys`.
    keys: Option<Value>,
    /// A receipt that came since the last proof.
    sample: Option<Value>,
    tree: Tree,
    /// The entries that were looked at, by their ids.
    ids: BTreeSet<Vec<u8>>,
    looked_at: usize,
    pub(crate) missed: usize,
}

#[derive(Clone)]
struct Answer {
    id: Vec<u8>,
    attested: bool,
}

impl Ledger {
    /// Takes what clients under load have seen.
    #[track_caller]
    pub(crate) fn take(&mut self, load: &Load) {
        load.answers.iter().for_each(|answer| self.answered(answer));
        for note in &load.checkpoints {
            self.signed(note);
        }
    }

    /// Takes an answer, whose own proof must hold.
    #[track_caller]
    pub(crate) fn answered(&mut self, answer: &Response) {
        let mut document = answer.json();
        let log = document.as_object_mut().expect("an object").remove("log").expect("log");
        let index = number(&document["index"]);
        assert_eq!(log["index"], document["index"]);
        let (size, root) = (number(&log["tree_size"]), hash(&log["root"]));
        let proof = log["inclusion"].as_array().expect("hashes").iter().map(hash).collect();
        check_record(&proof, size, root, index, hash(&log["leaf_hash"]))
            .unwrap_or_else(|e| panic!("{e:?}: {log}"));
        let tree = self.signed(log["checkpoint"].as_str().expect("a note"));
        assert_eq!(tree, (size, root), "{log}");
        let attested = document.get("vrf").is_none();
        let id = unhex(&document["id"]);
        let before = self.answers.insert(index, Answer { id, attested });
        assert!(before.is_none(), "index {index} was answered with twice");
        self.fresh.push(index);
        if !attested {
            self.sample = Some(document);
        }
    }

    /// Takes a signed note; there is one tree for each size.
    #[track_caller]
    fn signed(&mut self, note: &str) -> (u64, Hash) {
        let checkpoint = checkpoint(note);
        let (size, root) = (checkpoint.size(), *checkpoint.hash());
        let before = *self.trees.entry(size).or_insert(root);
        assert_eq!(before, root, "two trees of size {size} were signed");
        (size, root)
    }

    /// Asks for no receipt again: a log that was completed from a mirror has entries alone.
    pub(crate) fn without_texts(mut self) -> Self {
        self.sample = None;
        self
    }

    pub(crate) fn answers(&self) -> usize {
        self.answers.len()
    }

    /// Asserts of a node that was started again that all of it is still true, and that the log has
    /// no gap and no index twice. What an earlier proof has read is not read again.
    #[track_caller]
    pub(crate) fn prove(&mut self, node: &Client) {
        let keys = node.get("/keys").expect(200).json();
        let before = self.keys.get_or_insert_with(|| keys.clone());
        assert_eq!((&before["active"], &before["log"]), (&keys["active"], &keys["log"]));
        let published = node.get("/log/checkpoint").expect(200);
        self.signed(published.text());
        signed_by_log(published.text(), &keys);
        self.tree.read_on(node, "");
        for position in self.looked_at..self.tree.entries.len() {
            self.look_at(position);
        }
        self.looked_at = self.tree.entries.len();
        for index in std::mem::take(&mut self.fresh) {
            self.prove_answer(index);
        }
        for (&size, &root) in &self.trees {
            assert_eq!(self.tree.root(size), root, "the signed tree of {size} is no beginning");
        }
        if let Some(receipt) = self.sample.take() {
            let id = receipt["id"].as_str().expect("an id");
            let mut again = node.get(&format!("/receipts/{id}")).expect(200).json();
            again.as_object_mut().expect("an object").remove("log").expect("log");
            assert_eq!(again, receipt);
        }
    }

    /// As [`Self::prove`], with the whole log read anew.
    #[track_caller]
    pub(crate) fn prove_all(&mut self, node: &Client) {
        (self.tree, self.looked_at, self.missed) = (Tree::default(), 0, 0);
        self.ids.clear();
        self.fresh = self.answers.keys().copied().collect();
        self.prove(node);
    }

    /// The entry at a position is of that index, and nobody else's.
    #[track_caller]
    fn look_at(&mut self, position: usize) {
        let Tree { entries, .. } = &self.tree;
        let entry = Entry::parse(&entries[position]);
        assert_eq!(entry.index, position as u64, "the entry at {position} is of another index");
        if let Some(id) = entry.id() {
            assert!(self.ids.insert(id.to_vec()), "the id of entry {position} is there twice");
        }
        match entry.kind {
            Kind::Vrf(_) | Kind::Attested(_) => {}
            Kind::Keys(_) => assert_eq!(position, 0),
            Kind::Missed(..) => {
                assert!(!self.answers.contains_key(&entry.index), "{position} was answered with");
                let Kind::Keys(ecvrf) = Entry::parse(&entries[0]).kind else { panic!("no keys") };
                entry.assert_missed(ecvrf);
                self.missed += 1;
            }
        }
    }

    #[track_caller]
    fn prove_answer(&self, index: u64) {
        let Answer { id, attested } = &self.answers[&index];
        let entry = usize::try_from(index).ok().and_then(|index| self.tree.entries.get(index));
        let entry = entry.unwrap_or_else(|| panic!("the answer with index {index} is lost"));
        let kind = if *attested { Kind::Attested(id) } else { Kind::Vrf(id) };
        assert_eq!(Entry::parse(entry).kind, kind, "index {index} has another entry");
    }
}

/// Reads a number written as text.
#[track_caller]
pub(crate) fn number(text: &Value) -> u64 {
    let number = text.as_str().and_then(|text| text.parse().ok());
    number.unwrap_or_else(|| panic!("no number: {text}"))
}
