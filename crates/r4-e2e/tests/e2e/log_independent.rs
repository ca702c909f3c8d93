//! The log of a node, verified by a program that shares no code with it: `tlog_tiles` and
//! `signed_note`, and the crate `ml-dsa` for the second signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use signed_note::Note;
use std::thread;
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog::{
    Error, Hash, HashReader as _, check_record, check_tree, prove_record, prove_tree, record_hash,
    stored_hash_index,
};

use crate::harness::client::Client;
use crate::harness::external::skips_processes;
use crate::harness::ledger::number;
use crate::harness::load::ask;
use crate::harness::node::{Node, UNLIMITED};
use crate::harness::target::problem;
use crate::harness::tree::{Tree, checkpoint, hash, signed_by_log, unhex};
use crate::harness::wire::Response;
use crate::harness::{seconds, wait_for};

/// Sizes that the log has at least when a checkpoint of it is taken.
const SIZES: [usize; 3] = [70, 300, 630];
/// Clients that ask at once.
const CLIENTS: usize = 14;

/// The log of a node, read through the gateway.
struct Log<'a> {
    gateway: &'a Client,
    /// The checkpoints that were taken, the size of each and its root.
    trees: Vec<(u64, Hash)>,
    answers: Vec<Value>,
}

impl TileReader for Log<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        Ok(tiles.iter().map(|tile| self.tile(&path(tile)).expect(200).body).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// The path of a tile: c2sp.org/tlog-tiles leaves the height out, which is always 8.
fn path(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

impl<'a> Log<'a> {
    /// Lets the log of a node grow, and takes its published checkpoint at three sizes.
    fn grow(node: &'a Node, gateway: &'a Client, keys: &Value) -> Self {
        let mut log = Self { gateway, trees: Vec::new(), answers: Vec::new() };
        for size in SIZES {
            log.answer(&node.vrf.client(), size - log.answers.len());
            let signed = wait_for("the checkpoint is not published", seconds(10), || {
                let signed = gateway.get("/v1/log/checkpoint").expect(200);
                (checkpoint(signed.text()).size() > size as u64).then_some(signed)
            });
            signed_by_log(signed.text(), keys);
            let tree = checkpoint(signed.text());
            assert_eq!(tree.origin(), keys["log"]["origin"].as_str().unwrap());
            assert_eq!(tree.extension(), "");
            log.trees.push((tree.size(), *tree.hash()));
        }
        log
    }

    fn answer(&mut self, vrf: &Client, count: usize) {
        thread::scope(|scope| {
            let answer = |client| {
                let share = (client..count).step_by(CLIENTS);
                let ask = |_| ask(vrf, "/vrf?sig=ecdsa").unwrap().expect(200).json();
                move || share.map(ask).collect::<Vec<Value>>()
            };
            let asked: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(answer(client))).collect();
            self.answers.extend(asked.into_iter().flat_map(|thread| thread.join().unwrap()));
        });
    }

    /// The newest tree.
    fn tree(&self) -> (u64, Hash) {
        *self.trees.last().unwrap()
    }

    /// Reads hashes of the newest tree, authenticated by its root.
    fn reader(&self) -> TileHashReader<'_> {
        let (size, root) = self.tree();
        TileHashReader::new(size, root, self)
    }

    fn tile(&self, path: &str) -> Response {
        self.gateway.get(&format!("/v1/log/{path}"))
    }

    /// Every tile that a tree of this size has is there; the next ones are not, and no other path
    /// leads to one.
    fn check_paths(&self) {
        let (size, _) = self.tree();
        let tiles = Tile::new_tiles(8, 0, size);
        assert!(tiles.iter().any(|tile| tile.level() == 1), "{tiles:?}");
        for tile in &tiles {
            let answer = self.tile(&path(tile)).expect(200);
            assert_eq!(answer.body.len(), tile.width() as usize * 32, "{tile:?}");
            assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
            let cache = answer.header("cache-control").unwrap();
            assert!(cache.contains("immutable"), "{cache}");
        }
        for beyond in ["tile/0/003", "tile/1/000", "tile/2/000.p/1", "tile/entries/003"] {
            assert_eq!(problem(&self.tile(beyond), 404).0, "no-tile", "{beyond}");
        }
        for bad in ["tile/0/3", "tile/0/000.p/256", "tile/0/000.p/0", "tile/8/0/000", "tile/64/000"]
        {
            assert_eq!(problem(&self.tile(bad), 400).0, "invalid-tile", "{bad}");
        }
    }

    /// The bundles hash to the leaves of the tree, and are what `/receipts` gives out.
    fn check_entries(&self) {
        let (size, root) = self.tree();
        let indexes: Vec<u64> = (0..size).map(|index| stored_hash_index(0, index)).collect();
        let leaves = self.reader().read_hashes(&indexes).unwrap();
        let mut entries = Vec::new();
        for mut tile in Tile::new_tiles(8, 0, size).into_iter().filter(|tile| tile.level() == 0) {
            tile.set_is_data();
            let path = path(&tile).replacen("tile/data/", "tile/entries/", 1);
            let before = entries.len();
            entries.extend(unbundle(&self.tile(&path).expect(200).body));
            assert_eq!(entries.len() - before, tile.width() as usize, "{path}");
        }
        let hashed: Vec<Hash> = entries.iter().map(|entry| record_hash(entry)).collect();
        assert_eq!(hashed, leaves);
        let mut tree = Tree::default();
        tree.read_on(self.gateway, "/v1");
        assert_eq!(tree.entries[..entries.len()], entries);
        assert_eq!(tree.root(size), root);
    }

    /// What an answer says of its own place holds, and is the proof that the tiles give.
    fn check_inclusion(&self) {
        let reader = self.reader();
        for answer in &self.answers {
            let log = &answer["log"];
            let (index, size) = (number(&log["index"]), number(&log["tree_size"]));
            let (leaf, root) = (hash(&log["leaf_hash"]), hash(&log["root"]));
            let proof: Vec<Hash> = hashes(&log["inclusion"]);
            check_record(&proof, size, root, index, leaf).unwrap();
            check_record(&proof, size, root, index ^ 1, leaf).unwrap_err();
            // Reading tiles over HTTP for each would take long.
            if index.is_multiple_of(29) {
                assert_eq!(prove_record(size, index, &reader).unwrap(), proof, "{log}");
            }
        }
        let id = self.answers[7]["id"].as_str().unwrap();
        let again = self.gateway.get(&format!("/v1/receipts/{id}")).expect(200).json();
        let (log, (_, newest)) = (&again["log"], self.tree());
        let (index, size) = (number(&log["index"]), number(&log["tree_size"]));
        let proof = hashes(&log["inclusion"]);
        check_record(&proof, size, hash(&log["root"]), index, hash(&log["leaf_hash"])).unwrap();
        assert_eq!(hash(&log["root"]), newest, "{log}");
        assert_eq!(prove_record(size, index, &reader).unwrap(), proof);
    }

    fn check_consistency(&self) {
        let mut pairs = 0;
        for &(from, from_root) in &self.trees {
            for &(to, to_root) in self.trees.iter().filter(|(to, _)| *to > from) {
                let path = format!("/v1/log/consistency?from={from}&to={to}");
                let said = self.gateway.get(&path).expect(200).json();
                let proof = hashes(&said["proof"]);
                check_tree(&proof, to, to_root, from, from_root).unwrap();
                check_tree(&proof, to, to_root, from, to_root).unwrap_err();
                assert_eq!(prove_tree(to, from, &self.reader()).unwrap(), proof);
                let roots = (hash(&said["from_root"]), hash(&said["to_root"]));
                assert_eq!(roots, (from_root, to_root));
                pairs += 1;
            }
        }
        assert_eq!(pairs, 3);
    }
}

fn hashes(list: &Value) -> Vec<Hash> {
    list.as_array().expect("a list").iter().map(hash).collect()
}

/// Splits a bundle: each entry after its length, 16 bits, big-endian.
fn unbundle(mut bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let (entry, rest) = rest.split_at(u16::from_be_bytes(*length).into());
        entries.push(entry.to_vec());
        bundle = rest;
    }
    assert_eq!(bundle, b"");
    entries
}

#[test]
fn another_implementation_verifies_the_whole_log() {
    if skips_processes() {
        return;
    }
    let node = Node::start(UNLIMITED);
    let gateway = node.gateway.client();
    let keys = gateway.get("/v1/keys").expect(200).json();
    let log = Log::grow(&node, &gateway, &keys);
    let (size, _) = log.tree();
    assert!(size > 600, "{size}");
    log.check_paths();
    log.check_entries();
    log.check_inclusion();
    log.check_consistency();
}

#[test]
fn another_implementation_verifies_both_signatures_and_the_proof_as_a_file() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let vrf = node.vrf.client();
    let keys = vrf.get("/keys").expect(200).json();
    let file = ask(&vrf, "/vrf?sig=dual&format=tlog-proof").unwrap().expect(200);
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
    let (head, signed) = file.text().split_once("\n\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let extra = lines.next().unwrap().strip_prefix("extra ").unwrap();
    let receipt: Value = serde_json::from_slice(&STANDARD.decode(extra).unwrap()).unwrap();
    assert!(receipt.get("log").is_none(), "{receipt}");
    let index = lines.next().unwrap().strip_prefix("index ").unwrap().parse().unwrap();
    let proof = lines.map(|line| Hash::parse_hash(line).unwrap()).collect();
    let tree = checkpoint(signed);
    let entry = vrf.get(&format!("/receipts?from={index}&limit=1")).expect(200).json();
    let entry = unhex(&entry["entries"][0]["entry"]);
    assert_eq!(entry[2..34], unhex(&receipt["id"]));
    check_record(&proof, tree.size(), *tree.hash(), index, record_hash(&entry)).unwrap();
    signed_by_log(signed, &keys);
    cosigned_by_log(signed, &keys);
}

/// Asserts that the ML-DSA-44 key of the log has cosigned the note (c2sp.org/tlog-cosignature).
fn cosigned_by_log(note: &str, keys: &Value) {
    let (origin, tree) = (keys["log"]["origin"].as_str().unwrap(), checkpoint(note));
    let vkey = keys["log"]["keys"][1].as_str().unwrap();
    let [_, id, key] = vkey.splitn(3, '+').collect::<Vec<_>>()[..] else { panic!("{vkey}") };
    let (id, key) = (u32::from_str_radix(id, 16).unwrap(), STANDARD.decode(key).unwrap());
    assert_eq!(id, signed_note::key_id(origin, &key));
    let (&kind, key) = key.split_first().unwrap();
    assert_eq!((kind, key.len()), (6, 1312));
    let note = Note::from_bytes(note.as_bytes()).unwrap();
    let lines = String::from_utf8(note.to_bytes()).unwrap();
    let line = lines.lines().filter_map(|line| line.strip_prefix(&format!("— {origin} ")));
    let value = line.map(|line| STANDARD.decode(line).unwrap());
    let value = value.filter(|value| value[..4] == id.to_be_bytes()).collect::<Vec<_>>();
    let [value] = &value[..] else { panic!("one line: {value:?}") };
    let (time, signature) = value[4..].split_at(8);
    let number = |number: u64| number.to_be_bytes();
    let name = [&[u8::try_from(origin.len()).unwrap()][..], origin.as_bytes()].concat();
    let message = [
        &b"subtree/v1\n\0"[..],
        &name,
        time,
        &name,
        &number(0),
        &number(tree.size()),
        &tree.hash().0,
    ]
    .concat();
    let key = ml_dsa::EncodedVerifyingKey::<ml_dsa::MlDsa44>::try_from(key).unwrap();
    let key = ml_dsa::VerifyingKey::<ml_dsa::MlDsa44>::decode(&key);
    let signature = ml_dsa::Signature::try_from(signature).unwrap();
    assert!(key.verify_with_context(&message, b"", &signature));
    let other = [&message[..], b"\0"].concat();
    assert!(!key.verify_with_context(&other, b"", &signature));
}
