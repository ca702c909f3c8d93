//! The log over HTTP: what is served is one tree, an answer's proof is of it, and receipts come
//! again.

use r4_receipt::{Document, Entry, KeysDocument, Require, entry};
use r4_tlog::tree::{Frontier, verify_consistency, verify_inclusion};
use r4_tlog::{Hash, SignedCheckpoint, TlogProof, hash, tile};

use crate::harness::{Answer, TestNode};

fn root(text: &serde_json::Value) -> Hash {
    hex::decode(&text.as_str().unwrap()[2..]).unwrap().try_into().unwrap()
}

fn no_problem(answer: Answer) -> Answer {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

async fn entries(node: &TestNode, from: u64, limit: u64) -> Vec<Vec<u8>> {
    let page = no_problem(node.get(&format!("/receipts?from={from}&limit={limit}")).await).json();
    let of =
        |entry: &serde_json::Value| hex::decode(&entry["entry"].as_str().unwrap()[2..]).unwrap();
    page["entries"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn an_answer_stands_in_the_tree_that_is_served() {
    let (node, _folder) = TestNode::fresh();
    let mut last = None;
    for alpha in 0..5 {
        let answer = node.get(&format!("/vrf?alpha=0{alpha}")).await;
        last = node.accepts(&answer, Require::Dual).await.envelope().log.clone();
    }
    let log = last.unwrap();
    assert_eq!((log.origin.as_str(), log.index, log.tree_size), ("localhost/v1/log", 5, 6));

    let bundle = no_problem(node.get("/log/tile/entries/000.p/6").await);
    let served = tile::entries(&bundle.body).unwrap();
    assert_eq!(entries(&node, 0, 100).await, served);
    let mut tree = Frontier::new();
    let hashes: Vec<Hash> = served.iter().map(|entry| hash::leaf_hash(entry)).collect();
    for leaf in &hashes {
        tree.push(*leaf);
    }
    assert_eq!(tree.root(), log.root);
    assert_eq!(no_problem(node.get("/log/tile/0/000.p/6").await).body, hashes.concat());
    verify_inclusion(&hashes[5], 5, 6, &log.inclusion, &log.root).unwrap();

    for (position, entry) in served.iter().enumerate() {
        let entry = Entry::parse(entry).unwrap();
        assert_eq!(usize::try_from(entry.index()), Ok(position));
        assert_eq!(matches!(entry, Entry::Keys(_)), position == 0);
    }
    let keys = KeysDocument::parse(&node.get("/keys").await.body).unwrap();
    let Entry::Keys(first) = Entry::parse(served[0]).unwrap() else { panic!("no keys") };
    let entry::EpochKeys { index, previous, keys: first, .. } = *first;
    assert_eq!((index, previous), (0, None));
    assert_eq!(Some(first.key_set().key_hash()), keys.active());

    let proof = no_problem(node.get("/log/consistency?from=3&to=6").await).json();
    let hashes: Vec<Hash> = proof["proof"].as_array().unwrap().iter().map(root).collect();
    let (old, new) = (root(&proof["from_root"]), root(&proof["to_root"]));
    verify_consistency(3, &old, 6, &new, &hashes).unwrap();
    assert_eq!(new, log.root);
}

#[tokio::test]
async fn the_checkpoint_is_signed_by_the_published_keys() {
    let (node, _folder) = TestNode::fresh();
    let answer = no_problem(node.get("/log/checkpoint").await);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=1"));
    let signed = SignedCheckpoint::parse(answer.text()).unwrap();
    assert_eq!(
        (signed.checkpoint.origin.as_str(), signed.checkpoint.size),
        ("localhost/v1/log", 1)
    );
    let keys = KeysDocument::parse(&node.get("/keys").await.body).unwrap();
    for key in keys.log().unwrap().keys() {
        signed.verify(key).unwrap();
    }
    let tile = no_problem(node.get("/log/tile/0/000.p/1").await);
    assert_eq!(tile.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(tile.header("content-type"), Some("application/octet-stream"));
}

#[tokio::test]
async fn a_receipt_comes_again_and_a_proof_as_a_file() {
    let (node, folder) = TestNode::fresh();
    for sig in ["dual", "ecdsa", "dilithium"] {
        let first = node.get(&format!("/vrf?sig={sig}&alpha=0xABCD&chain_id=5&format=evm")).await;
        let require = match sig {
            "dual" => Require::Dual,
            "ecdsa" => Require::Ecdsa,
            _ => Require::Mldsa,
        };
        let Document::Vrf(mut made) = node.accepts(&first, require).await else { panic!("{sig}") };
        let id = first.json()["id"].as_str().unwrap().to_owned();
        let again = node.get(&format!("/receipts/{id}")).await;
        let Document::Vrf(again) = node.accepts(&again, require).await else { panic!("{sig}") };
        (made.evm, made.envelope.log) = (None, again.envelope.log.clone());
        assert!(again == made, "{sig}");

        let file = no_problem(node.get(&format!("/receipts/{id}?format=tlog-proof")).await);
        assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
        let proof = TlogProof::parse(file.text()).unwrap();
        assert_eq!(proof.index, made.envelope.index);
        let read = Document::parse_file(&file.body).unwrap();
        assert!(read.with_log(None) == Document::Vrf(again).with_log(None), "{sig}");
    }
    let fresh = no_problem(node.get("/vrf?format=tlog-proof").await);
    assert!(fresh.text().starts_with("c2sp.org/tlog-proof@v1\nextra "), "{}", fresh.text());
    let id = Document::parse_file(&fresh.body).unwrap().envelope().id;
    drop(node);
    let node = TestNode::open(folder.path(), "http://127.0.0.1:1");
    let again = node.get(&format!("/receipts/0x{}", hex::encode(id))).await;
    node.accepts(&again, Require::Dual).await;
}

#[tokio::test]
async fn what_a_drop_left_is_in_the_log_as_missed() {
    let (node, folder) = TestNode::fresh();
    node.get("/vrf").await;
    // Dropping a node gives no index back: it is what a kill leaves.
    drop(node);
    let node = TestNode::open(folder.path(), "http://127.0.0.1:1");
    let index: u64 = node.get("/vrf").await.json()["index"].as_str().unwrap().parse().unwrap();
    assert_eq!(index, 64);
    let keys = KeysDocument::parse(&node.get("/keys").await.body).unwrap();
    let key = r4_ecvrf::PublicKey::from_bytes(&keys.epochs()[0].keys.ecvrf).unwrap();
    for (index, bytes) in (2..).zip(entries(&node, 2, 62).await) {
        let Ok(Entry::Missed(missed)) = Entry::parse(&bytes) else { panic!("{index}") };
        assert_eq!(missed.index, index);
        assert!(missed.holds(&key), "{index}");
    }
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let (node, _folder) = TestNode::fresh();
    for (path, status, slug) in [
        ("/log/tile/0/000", 404, "no-tile"),
        ("/log/tile/0/000.p/2", 404, "no-tile"),
        ("/log/tile/1/000.p/1", 404, "no-tile"),
        ("/log/tile/entries/x001/000", 404, "no-tile"),
        ("/log/tile/0/0", 400, "invalid-tile"),
        ("/log/tile/64/000", 400, "invalid-tile"),
        ("/log/tile/0/000.p/256", 400, "invalid-tile"),
        ("/log/tile/0/..%2f..%2froot.seed", 400, "invalid-tile"),
        ("/log/checkpoint?x=1", 400, "unknown-parameter"),
        ("/log/consistency?from=1", 400, "missing-parameter"),
        ("/log/consistency?from=0&to=1", 400, "invalid-parameter"),
        ("/log/consistency?from=1&to=2", 400, "invalid-parameter"),
        ("/receipts?limit=1001", 400, "invalid-parameter"),
        ("/receipts?from=-1", 400, "invalid-parameter"),
        ("/receipts/0x00", 400, "invalid-id"),
        ("/receipts/1", 400, "invalid-id"),
    ] {
        let answer = node.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, slug), "{path}");
    }
    let unknown = node.get(&format!("/receipts/0x{}", "00".repeat(32))).await;
    assert_eq!((unknown.status.as_u16(), unknown.problem().as_str()), (404, "unknown-receipt"));
    assert_eq!(entries(&node, 1, 10).await, Vec::<Vec<u8>>::new());
}
