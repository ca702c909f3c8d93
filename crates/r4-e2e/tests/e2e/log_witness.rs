//! A node and a real `r4 witness`: cosignatures in the published checkpoint, policies about them, and
//! a witness that is gone, hangs, or remembers more than the node.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::client::Client;
use crate::harness::disk::{copy, put_back};
use crate::harness::external::skips_processes;
use crate::harness::load::ask;
use crate::harness::node::vrf_with;
use crate::harness::process::Service;
use crate::harness::r4::r4;
use crate::harness::target::PinnedKeys;
use crate::harness::tree::checkpoint;
use crate::harness::{seconds, wait_for};

const NAME: &str = "witness.example.org/w1";
/// Time between two checkpoints for witnesses.
const INTERVAL: u64 = 1;
/// Two intervals, and some time for a machine that is busy.
const SOON: Duration = seconds(2 * INTERVAL + 4);

/// A node and a witness to be started, which know of each other.
struct Pair {
    dir: TempDir,
    witness: SocketAddr,
    /// The witness's keys, Ed25519 first.
    keys: [String; 2],
}

impl Pair {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = keys_of(&dir.path().join("witness"), NAME);
        let witness = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { dir, witness, keys }
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn node(&self) -> Service {
        let [classical, post_quantum] = &self.keys;
        let url = format!("http://{}", self.witness);
        let witnesses = format!("{classical}@{url},{post_quantum}@{url}");
        let interval = INTERVAL.to_string();
        let env = [("R4_WITNESSES", &*witnesses), ("R4_WITNESS_INTERVAL", &interval)];
        vrf_with(&self.state(), &env)
    }

    fn witness(&self, node: &Service) -> Service {
        let (state, listen) = (self.dir.path().join("witness"), self.witness.to_string());
        let log = format!("{}/log", node.url());
        let args = ["witness", "run", "--state", state.to_str().unwrap(), "--name", NAME];
        let more = ["--listen", &listen, "--log-url", &log];
        Service::start_r4("r4 witness", &[&args[..], &more].concat())
    }
}

fn keys_of(state: &std::path::Path, name: &str) -> [String; 2] {
    let said = r4(&["witness", "keys", "--state", state.to_str().unwrap(), "--name", name], b"");
    assert_eq!(said.code, 0, "{said:?}");
    let keys: Vec<String> = said.out.lines().map(str::to_owned).collect();
    keys.try_into().unwrap_or_else(|keys| panic!("two keys: {keys:?}"))
}

/// Waits for a published checkpoint of more than `size` entries with `lines` signatures.
#[track_caller]
fn published(node: &Client, size: u64, lines: usize) -> String {
    let mut last = String::new();
    let what = format!("no checkpoint beyond {size} with {lines} signatures");
    wait_for(&what, SOON, || {
        node.get("/log/checkpoint").expect(200).text().clone_into(&mut last);
        let signatures = last.lines().filter(|line| line.starts_with("— ")).count();
        (checkpoint(&last).size() > size && signatures == lines).then_some(())
    });
    last
}

/// The index of an answer that is asked for now, and its id.
fn answer(node: &Client) -> (u64, String) {
    let receipt = ask(node, "/vrf").unwrap().expect(200).json();
    let text = |field: &str| receipt[field].as_str().unwrap().to_owned();
    (text("index").parse().unwrap(), text("id"))
}

#[test]
fn cosignatures_come_soon_and_satisfy_a_policy() {
    if skips_processes() {
        return;
    }
    let pair = Pair::new();
    let node = pair.node();
    let client = node.client();
    let _witness = pair.witness(&node);
    let (index, id) = answer(&client);
    let signed = published(&client, index, 4);
    let cosigned: Vec<&str> =
        signed.lines().filter(|line| line.starts_with(&format!("— {NAME} "))).collect();
    // Base64 of key id, time and a signature of 64 or 2420 bytes.
    let lengths = cosigned.iter().map(|line| line.rsplit(' ').next().unwrap().len());
    assert!(lengths.eq([104, 3244]), "{signed}");

    let file = client.get(&format!("/receipts/{id}?format=tlog-proof")).expect(200);
    let keys = PinnedKeys::write(&client.get("/keys").expect(200).body);
    let [classical, post_quantum] = &pair.keys;
    let [stranger, _] = keys_of(&pair.dir.path().join("stranger"), "stranger.example.org/w");
    let policy = pair.dir.path().join("policy");
    let verify = |text: &str| {
        fs::write(&policy, text).unwrap();
        keys.verify(&file.body, &["--witness-policy", policy.to_str().unwrap()])
    };
    for good in [
        format!("witness a {classical}\nquorum a\n"),
        format!("witness b {post_quantum}\nquorum b\n"),
        format!("witness a {classical}\nwitness b {post_quantum}\ngroup g all a b\nquorum g\n"),
        format!("witness a {classical}\nwitness x {stranger}\ngroup g 1 a x\nquorum g\n"),
    ] {
        let said = verify(&good);
        assert!(said.code == 0 && said.out.contains("witnesses"), "{good}: {said:?}");
    }
    for bad in [
        format!("witness x {stranger}\nquorum x\n"),
        format!("witness a {classical}\nwitness x {stranger}\ngroup g 2 a x\nquorum g\n"),
    ] {
        let said = verify(&bad);
        assert!(said.code == 1 && said.err.contains("witnesses"), "{bad}: {said:?}");
    }
    // An answer carries its own checkpoint, which nobody has cosigned yet.
    let fresh = ask(&client, "/vrf").unwrap().expect(200);
    fs::write(&policy, format!("witness a {classical}\nquorum a\n")).unwrap();
    let said = keys.verify(&fresh.body, &["--witness-policy", policy.to_str().unwrap()]);
    assert!(said.code == 1 && said.err.contains("witnesses"), "{said:?}");
}

#[test]
fn a_witness_that_stops_and_comes_again_cosigns_again() {
    if skips_processes() {
        return;
    }
    let pair = Pair::new();
    let node = pair.node();
    let client = node.client();
    let witness = pair.witness(&node);
    published(&client, answer(&client).0, 4);
    witness.kill();
    published(&client, answer(&client).0, 2);
    let _witness = pair.witness(&node);
    published(&client, answer(&client).0, 4);
}

#[test]
fn a_witness_that_hangs_delays_no_answer() {
    if skips_processes() {
        return;
    }
    let pair = Pair::new();
    let hangs = TcpListener::bind(pair.witness).unwrap();
    let node = pair.node();
    let client = node.client();
    // It has taken the node's request, and says nothing.
    let (_held, _) = hangs.accept().unwrap();
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < seconds(3) {
        let asked = Instant::now();
        answer(&client);
        slowest = slowest.max(asked.elapsed());
    }
    println!("the slowest answer took {slowest:?}");
    assert!(slowest < seconds(2), "an answer took {slowest:?}");
    // The checkpoint itself waits for the witness's deadline and no longer.
    let before = checkpoint(client.get("/log/checkpoint").expect(200).text()).size();
    wait_for("the checkpoint waits for the witness", seconds(15), || {
        let signed = client.get("/log/checkpoint").expect(200);
        (checkpoint(signed.text()).size() > before).then_some(())
    });
    node.stop();
}

#[test]
fn a_witness_does_not_cosign_a_node_that_was_rolled_back() {
    if skips_processes() {
        return;
    }
    let pair = Pair::new();
    let old = pair.dir.path().join("old");
    let node = pair.node();
    answer(&node.client());
    node.stop();
    copy(&pair.state(), &old);
    let node = pair.node();
    let witness = pair.witness(&node);
    for _ in 0..4 {
        answer(&node.client());
    }
    published(&node.client(), answer(&node.client()).0, 4);
    node.stop();
    put_back(&old, &pair.state());
    let node = pair.node();
    let alarmed = |words: &[&str]| {
        let what = format!("no alarm: {words:?}");
        wait_for(&what, SOON, || {
            let log = node.log();
            words.iter().all(|word| log.contains(word)).then_some(())
        });
    };
    alarmed(&["ERROR", "ALARM", "rolled back", &pair.witness.to_string()]);
    // It may have grown past what the witness saw: then its tree does not begin with that one.
    for _ in 0..6 {
        answer(&node.client());
    }
    published(&node.client(), 7, 2);
    wait_for("the fork is cosigned or not spoken of", SOON, || {
        witness.log().contains("not shown to continue").then_some(())
    });
}
