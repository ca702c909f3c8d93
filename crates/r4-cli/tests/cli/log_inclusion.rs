//! `r4 log inclusion`, and the log's part in `r4 verify`.

use r4_keystore::note_keys::NoteKeys;
use r4_keystore::seed::RootSeed;
use r4_receipt::{Document, Log, Schemes};
use r4_tlog::hash::leaf_hash;
use r4_tlog::tree::verify_inclusion;
use r4_tlog::{SignedCheckpoint, TlogProof};
use zeroize::Zeroizing;

use crate::file_server::FileServer;
use crate::log_sample::{ORIGIN, SampleLog, now};
use crate::run::{Folder, Said, r4};
use crate::sample::receipt;

/// A log whose entry 7 is the receipt, and the receipt with its proof under `signed`.
fn logged(sign: impl FnOnce(&SampleLog) -> SignedCheckpoint) -> (SampleLog, Document) {
    let mut log = SampleLog::new(7);
    let document = Document::parse(receipt(&log.node, Schemes::Dual).as_bytes()).unwrap();
    let entry = document.entry(log.key_hash());
    log.push(&entry);
    log.grow(20);
    let signed = sign(&log);
    let part = Log {
        origin: ORIGIN.to_owned(),
        index: 7,
        leaf_hash: leaf_hash(&entry.to_bytes()),
        tree_size: 20,
        root: signed.checkpoint.root,
        inclusion: log.inclusion(7),
        checkpoint: signed.to_string(),
    };
    (log, document.with_log(Some(part)))
}

fn inclusion(folder: &Folder, log: &SampleLog, text: &str) -> Said {
    let keys = folder.write("keys.json", log.keys_json());
    let file = folder.write("receipt", text);
    r4(&[&"log", &"inclusion", &"--keys", &keys, &file])
}

#[test]
fn a_receipt_is_in_the_log_in_both_forms() {
    let folder = Folder::new();
    let (log, document) = logged(|log| log.signed(now()));
    for text in [document.to_json(), document.to_tlog_proof().unwrap()] {
        inclusion(&folder, &log, &text).exits(0).says("index      7 of 20 entries");
        let (keys, file) = (folder.path("keys.json"), folder.path("receipt"));
        r4(&[&"log", &"inclusion", &file]).exits(3).says("NOT checked");
        let said = r4(&[&"verify", &"--keys", &keys, &file]).exits(0);
        said.says("in the log at index 7 of 20 entries").says("both signatures of the log");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let folder = Folder::new();
    let (log, document) = logged(|log| log.signed(now()));
    let part = document.envelope().log.clone().unwrap();
    let changed = |change: &dyn Fn(&mut Log)| {
        let mut part = part.clone();
        change(&mut part);
        document.clone().with_log(Some(part)).to_json()
    };
    let failed = |text: &str, check: &str| {
        inclusion(&folder, &log, text).exits(1).says(&format!("\"{check}\""));
        let (keys, file) = (folder.path("keys.json"), folder.path("receipt"));
        r4(&[&"verify", &"--keys", &keys, &file]).exits(1).says(&format!("\"{check}\""));
    };
    failed(&changed(&|part| part.index = 8), "inclusion");
    failed(&changed(&|part| part.inclusion[0][0] ^= 1), "inclusion");
    failed(&changed(&|part| part.leaf_hash[0] ^= 1), "inclusion");
    failed(&changed(&|part| part.tree_size = 21), "inclusion");
    let resigned = SampleLog { keys: crate::log_sample::note_keys(9, ORIGIN), ..SampleLog::new(1) };
    let (_, forged) = logged(|log| {
        let checkpoint = log.checkpoint(20);
        let lines = resigned.keys.sign(&checkpoint, 5).unwrap();
        SignedCheckpoint::new(checkpoint, lines)
    });
    failed(&forged.to_json(), "checkpoint");
    let bare = document.with_log(None).to_json();
    inclusion(&folder, &log, &bare).exits(2).says("does not say where it stands");
    inclusion(&folder, &log, "{}").exits(2).says("this is not a receipt");
}

#[test]
fn a_proof_is_made_from_the_tiles() {
    let (folder, log) = (Folder::new(), SampleLog::new(700));
    log.publish(&folder.path("node"));
    let server = FileServer::start(&folder.path("node"));
    let keys = folder.write("keys.json", log.keys_json());
    let make = |index: &str| {
        r4(&[&"log", &"inclusion", &"--keys", &keys, &"--url", &server.log(), &index])
    };
    for index in [0_u64, 1, 255, 256, 511, 699] {
        let proof = TlogProof::parse(&make(&index.to_string()).exits(0).out).unwrap();
        let signed = SignedCheckpoint::parse(&proof.checkpoint).unwrap();
        let leaf = leaf_hash(&log.entries[usize::try_from(index).unwrap()]);
        assert_eq!((proof.index, signed.checkpoint.size), (index, 700));
        verify_inclusion(&leaf, index, 700, &proof.hashes, &signed.checkpoint.root).unwrap();
    }
    make("700").exits(1).says("the log has 700 entries");
    make("x").exits(2).says("the index of an entry is needed");
}

#[test]
fn the_witness_policy_decides() {
    let folder = Folder::new();
    let seed = RootSeed::from_bytes(Zeroizing::new([3; 32]));
    let witness = NoteKeys::witness(&seed, "witness.example.org/w1").unwrap();
    let (log, witnessed) = logged(|log| {
        let mut signed = log.signed(now());
        for line in witness.sign(&signed.checkpoint, now()).unwrap() {
            signed.add(line);
        }
        signed
    });
    let (_, alone) = logged(|log| log.signed(now()));
    let keys = folder.write("keys.json", log.keys_json());
    let [classical, post_quantum] = witness.verifier_keys();
    let policy = folder.write(
        "policy",
        format!("witness a {classical}\nwitness b {post_quantum}\ngroup all all a b\nquorum all\n"),
    );
    let verify = |document: &Document| {
        let text = document.to_tlog_proof().unwrap();
        let file = folder.write("receipt.tlog-proof", text);
        r4(&[&"verify", &"--keys", &keys, &"--witness-policy", &policy, &"-v", &file])
    };
    verify(&witnessed).exits(0).says("witnesses").says("a: cosigned at");
    verify(&alone).exits(1).says("first failed check: \"witnesses\"");
    let bare = folder.write("bare.json", alone.with_log(None).to_json());
    r4(&[&"verify", &"--keys", &keys, &"--witness-policy", &policy, &bare])
        .exits(1)
        .says("\"witnesses\"");
    let junk = folder.write("policy", "quorum nobody\n");
    r4(&[&"verify", &"--witness-policy", &junk, &bare]).exits(2).says("policy:");
}
