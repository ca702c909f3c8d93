//! A new root seed: announced in the log, waited for, and taken over while clients ask, by a node that
//! is not restarted, and by one that is killed at each step.

mod revoked;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::build::induced_r4_vrf;
use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::load::{ask, under_load};
use crate::harness::node::{KEY, NOWHERE, UNLIMITED, gateway, vrf_with};
use crate::harness::process::{Service, Variables};
use crate::harness::r4::{Said, r4};
use crate::harness::{seconds, wait_for};

/// Shorter than a public node may have it.
const NOTICE: &str = "5";
/// The same for those who watch.
const NOTICE_WORD: &str = "5s";
/// Where a node is killed on its way from one epoch to the next.
const POINTS: [&str; 4] = ["epoch-noted", "epoch-announced", "epoch-drained", "epoch-renamed"];

/// Lets the operator order a new epoch, by the one command there is for it.
fn order(state: &Path) {
    let next = state.join("next.seed");
    let said = r4(&["keys", "generate", "--out", next.to_str().unwrap()], b"");
    assert_eq!(said.code, 0, "{said:?}");
}

fn keys(node: &Client) -> Value {
    node.get("/keys").expect(200).json()
}

fn statuses(keys: &Value) -> Vec<String> {
    let epochs = keys["epochs"].as_array().unwrap().iter();
    epochs.map(|epoch| epoch["status"].as_str().unwrap().to_owned()).collect()
}

fn write(folder: &TempDir, name: &str, content: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Waits until the node has had `count` epochs, and returns its keys.
fn until_epochs(node: &Client, count: usize) -> Value {
    wait_for("the new epoch does not begin", seconds(20), || {
        let keys = keys(node);
        let retired = statuses(&keys).iter().filter(|status| *status == "retired").count();
        (retired + 1 == count).then_some(keys)
    })
}

fn log_verify(url: &str, keys: &str, notice: &str) -> Said {
    r4(&["log", "verify", "--keys", keys, "--notice", notice, &format!("{url}/log")], b"")
}

fn monitor(folder: &TempDir, url: &str, more: &[&str]) -> Said {
    let state = folder.path().join("monitor");
    let url = format!("{url}/log");
    let args = ["log", "monitor", &url, "--state", state.to_str().unwrap()];
    r4(&[&args[..], more].concat(), b"")
}

#[test]
fn a_new_root_seed_under_load() {
    if skips_processes() {
        return;
    }
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let vrf = vrf_with(state.path(), &[("R4_EPOCH_NOTICE", NOTICE)]);
    let gateway = gateway(NOWHERE, &vrf.url(), UNLIMITED);
    let (node, url) = (vrf.client(), vrf.url());
    let old_keys = write(&work, "old.json", node.get("/keys").expect(200).text());
    assert_eq!(monitor(&work, &url, &[]).code, 0);
    let over = AtomicBool::new(false);
    let client = || {
        let (client, mut receipts) = (gateway.client(), Vec::new());
        while !over.load(Ordering::Relaxed) {
            let answer = client.send(&Request::get("/v1/vrf?sig=dual").key(KEY)).expect(200);
            receipts.push(answer.text().to_owned());
        }
        receipts
    };
    let (receipts, asked) = thread::scope(|scope| {
        let asking: Vec<_> = (0..3).map(|_| scope.spawn(client)).collect();
        thread::sleep(Duration::from_millis(300));
        order(state.path());
        wait_for("the epoch is not announced", seconds(20), || {
            (statuses(&keys(&node)) == ["active", "announced"]).then_some(())
        });
        let asked = Instant::now();
        assert_eq!(monitor(&work, &url, &["--notice", NOTICE_WORD]).code, 0);
        until_epochs(&node, 2);
        let asked = asked.elapsed();
        thread::sleep(Duration::from_millis(300));
        over.store(true, Ordering::Relaxed);
        let joined = asking.into_iter().flat_map(|thread| thread.join().expect("none fails"));
        (joined.collect::<Vec<_>>(), asked)
    });
    let both = gateway.client().get("/v1/keys").expect(200).json();
    assert_eq!(both, keys(&node), "the gateway passes on what is there now");
    assert_eq!(statuses(&both), ["retired", "active"]);
    let new_keys = write(&work, "new.json", &both.to_string());
    let of = |receipt: &String| -> Value { serde_json::from_str(receipt).unwrap() };
    let epochs: BTreeSet<String> = receipts
        .iter()
        .map(|receipt| of(receipt)["key_hash"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(epochs.len(), 2, "receipts of both epochs");
    println!("{} receipts; {asked:?} from the announcement to the change", receipts.len());
    for receipt in &receipts {
        let said = r4(&["verify", "--keys", &new_keys, "-"], receipt.as_bytes());
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    }
    // Those who watch follow it, if they let it be as fast; else they name it.
    let last = of(receipts.last().unwrap());
    published_beyond(&node, last["index"].as_str().unwrap().parse().unwrap());
    assert_eq!(monitor(&work, &url, &["--notice", NOTICE_WORD]).code, 0);
    let said = log_verify(&url, &old_keys, NOTICE_WORD);
    assert!(said.code == 0 && said.out.contains("keys      2"), "{said:?}");
    let said = log_verify(&url, &old_keys, "24h");
    assert!(said.code == 1 && said.err.contains("key-change"), "{said:?}");
    assert!(vrf.log().contains("another key epoch signs from now on"), "{}", vrf.log());
    let metrics = node.get("/metrics").expect(200);
    assert!(metrics.text().contains("r4_vrf_key_next_seconds 0\n"), "{}", metrics.text());
}

fn published_beyond(node: &Client, index: u64) {
    wait_for("the checkpoint is not published", seconds(20), || {
        let published = node.get("/log/checkpoint").expect(200);
        let size: u64 = published.text().lines().nth(1).unwrap().parse().unwrap();
        (size > index).then_some(())
    });
}

#[test]
fn a_crash_at_each_step_to_another_epoch_loses_nothing() {
    if skips_processes() {
        return;
    }
    for point in POINTS {
        crashes_at(point);
    }
}

fn crashes_at(point: &str) {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = state.path().to_str().unwrap();
    let env: Variables<'_> = &[
        ("R4_API_KEY", KEY),
        ("R4_STATE_DIR", folder),
        ("R4_CORE_URL", NOWHERE),
        ("R4_EPOCH_NOTICE", "1"),
        ("R4_CRASH_AT", point),
    ];
    let mut service = Service::try_start_build("r4-vrf", induced_r4_vrf(), env).unwrap().ready();
    let client = service.client();
    let old_keys = write(&work, "old.json", client.get("/keys").expect(200).text());
    let load = under_load(&client, 3, &["/vrf?sig=ecdsa", "/vrf?sig=dual"], || {
        thread::sleep(Duration::from_millis(200));
        order(state.path());
        wait_for(&format!("{point} is never reached"), seconds(20), || {
            (!service.is_running()).then_some(())
        });
    });
    // Where it goes on, it comes to the next epoch, and all that was answered is there.
    let service = vrf_with(state.path(), &[("R4_EPOCH_NOTICE", "1")]);
    let client = service.client();
    let keys = until_epochs(&client, 2);
    assert!(!state.path().join("next.seed").exists(), "{point}");
    let new_keys = write(&work, "new.json", &keys.to_string());
    let after = ask(&client, "/vrf").unwrap().expect(200);
    for answer in load.answers.iter().chain([&after]) {
        let said = r4(&["verify", "--require", "ecdsa", "--keys", &new_keys, "-"], &answer.body);
        assert_eq!(said.code, 0, "{point}: {}{}", said.out, said.err);
        let receipt = answer.json();
        let id = receipt["id"].as_str().unwrap();
        let again = client.get(&format!("/receipts/{id}")).expect(200).json();
        assert_eq!(again["index"], receipt["index"], "{point}");
    }
    let last = after.json()["index"].as_str().unwrap().parse().unwrap();
    published_beyond(&client, last);
    let said = log_verify(&service.url(), &old_keys, "1s");
    assert_eq!(said.code, 0, "{point}: {said:?}");
    assert!(!service.log().contains("ERROR"), "{point}: {}", service.log());
    println!("{point}: {} answers before", load.answers.len());
    service.stop();
}
