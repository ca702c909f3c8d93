//! `r4 backup`: a node that serves is copied, lost and put back, and nothing that was given out is
//! given out again.

mod broken;
mod rotated;
mod site;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::harness::disk::copy;
use crate::harness::external::skips_processes;
use crate::harness::load::{ask, under_load};
use crate::harness::node::{NOWHERE, try_vrf, vrf, vrf_with};
use crate::harness::r4::r4;

use site::Site;

#[test]
fn a_node_that_was_copied_under_load_goes_on_elsewhere() {
    if skips_processes() {
        return;
    }
    let mut site = Site::new();
    let service = vrf(&site.state(), NOWHERE);
    let gateway = site.gateway(&service.url());
    let used = site.use_a_key(&gateway);
    let paths = ["/vrf?sig=ecdsa", "/vrf?sig=ecdsa&alpha=00"];
    let load = under_load(&service.client(), 8, &paths, || {
        for _ in 0..3 {
            let name = site.create(&["--keep-last", "2"]);
            let said = site.verify(&name);
            assert!(said.code == 0 && said.out.contains("the gateway's API keys"), "{said:?}");
            std::thread::sleep(std::time::Duration::from_millis(1100));
        }
    });
    let listed = site.list();
    assert_eq!(listed.len(), 2, "{listed:?}");
    let entries = listed[0]["manifest"]["log_size"].as_u64().unwrap();
    let last: serde_json::Value =
        serde_json::from_slice(&fs::read(site.state().join("last-backup.json")).unwrap()).unwrap();
    assert_eq!(
        (&last["log_size"], &last["time"]),
        (&entries.into(), &listed[0]["manifest"]["time"])
    );
    site.ledger.take(&load);
    println!("{} receipts, of which the last backup has {entries}", site.ledger.answers());
    assert!(entries > 1 && site.ledger.answers() as u64 > entries, "nothing came after the backup");
    let mirror = site.mirror(&service);
    service.kill();
    gateway.kill();
    site.lose();

    site.restore(&[]).exits(0).says("r4 backup resume");
    let left = try_vrf(&site.state(), NOWHERE).err().expect("it starts by itself");
    for words in
        ["was restored from a backup of", &format!("{entries} entries"), "r4 backup resume"]
    {
        assert!(left.contains(words), "{words:?} is not in: {left}");
    }
    site.create_fails(2, "first r4 backup resume");
    site.resume(&["--last", &mirror]).exits(0);
    site.resume(&["--last", &mirror]).exits(2).says("has gone on since");
    let service = vrf(&site.state(), NOWHERE);
    let client = service.client();
    let mut ledger = site.ledger.clone().without_texts();
    ledger.prove_all(&client);
    assert_eq!(ledger.missed, 0, "an index was skipped");
    // What is given out now has indexes that nobody has seen.
    for _ in 0..70 {
        ledger.answered(&ask(&client, "/vrf?sig=ecdsa").unwrap().expect(200));
    }
    ledger.prove(&client);
    let again = r4(&["log", "mirror", &format!("{}/log", service.url()), &mirror], b"");
    assert_eq!(again.code, 0, "the mirror sees no continuation: {again:?}");
    let gateway = site.gateway(&service.url());
    assert_eq!(site.usage(), used, "the API key's usage");
    site.works(&gateway);
}

#[test]
fn a_stopped_node_moves_with_its_last_checkpoint() {
    if skips_processes() {
        return;
    }
    let mut site = Site::new();
    let service = vrf(&site.state(), NOWHERE);
    site.answers(&service, 10);
    let mirror = site.mirror(&service);
    service.stop();
    site.create(&["--without-gateway"]);
    site.lose();
    let checkpoint = format!("{mirror}/checkpoint");
    site.restore(&["--last", &checkpoint]).exits(0);
    let service = vrf(&site.state(), NOWHERE);
    // Nothing came after the backup, so that every receipt can be read again.
    site.ledger.prove_all(&service.client());
    assert_eq!(site.ledger.missed, 0);
}

#[test]
fn an_older_backup_does_not_go_on_as_if_nothing_happened() {
    if skips_processes() {
        return;
    }
    let mut site = Site::new();
    let service = vrf(&site.state(), NOWHERE);
    site.answers(&service, 5);
    let older = site.mirror(&service);
    let early = site.path("early");
    copy(older.as_ref(), &early);
    site.answers(&service, 1);
    site.create(&["--without-gateway"]);
    let receipt = ask(&service.client(), "/vrf?sig=dual").unwrap().expect(200);
    site.ledger.answered(&receipt);
    let url = format!("{}/log", service.url());
    let watched = site.path("watched").display().to_string();
    site.mirror(&service);
    assert_eq!(r4(&["log", "monitor", &url, "--state", &watched], b"").code, 0);
    service.kill();
    site.lose();
    site.restore(&[]).exits(0);

    site.resume(&[]).exits(2).says("--last").says("--close");
    let early = early.display().to_string();
    site.resume(&["--last", &early]).exits(1).says("says nothing of what came after the backup");
    site.resume(&["--last", &watched]).exits(1).says("this has none of them");
    let other = tempfile::tempdir().unwrap();
    drop(vrf(other.path(), NOWHERE));
    let other = other.path().join("log").display().to_string();
    site.resume(&["--last", &other]).exits(1).says("not signed by this log");
    assert!(try_vrf(&site.state(), NOWHERE).is_err(), "it starts although all were refused");

    // The later receipts are lost, so the log ends.
    site.resume(&["--close"]).exits(0).says("R4_LOG_ORIGIN");
    let left = try_vrf(&site.state(), NOWHERE).err().expect("the old name is taken again");
    assert!(left.contains("was closed") && left.contains("R4_LOG_ORIGIN"), "{left}");
    let service = vrf_with(&site.state(), &[("R4_LOG_ORIGIN", "localhost/v1/log-2")]);
    let fresh = ask(&service.client(), "/vrf?sig=dual").unwrap().expect(200).json();
    let old = receipt.json();
    assert_eq!(fresh["index"], "1");
    assert_ne!((&fresh["key_hash"], &fresh["random"]), (&old["key_hash"], &old["random"]));
    let closed = fs::read_dir(site.state().join("closed")).unwrap().next().unwrap().unwrap();
    let keys = closed.path().join("keys.json").display().to_string();
    let said = r4(&["verify", "--keys", &keys, "-"], &receipt.body);
    assert_eq!(said.code, 0, "an old receipt does not verify with the old keys: {said:?}");
}

#[test]
fn without_the_note_an_older_state_would_go_on() {
    if skips_processes() {
        return;
    }
    // What the note is for: without it the node would give indexes out twice.
    let mut site = Site::new();
    let service = vrf(&site.state(), NOWHERE);
    site.answers(&service, 5);
    site.create(&["--without-gateway"]);
    site.answers(&service, 5);
    service.kill();
    site.lose();
    site.restore(&[]).exits(0);
    fs::remove_file(site.state().join("restored")).unwrap();
    let service = vrf(&site.state(), NOWHERE);
    let mut ledger = site.ledger.clone();
    let twice = AssertUnwindSafe(|| {
        ledger.answered(&ask(&service.client(), "/vrf?sig=ecdsa").unwrap().expect(200));
    });
    let said = catch_unwind(twice).expect_err("no index was given out twice");
    let said = said.downcast_ref::<String>().unwrap();
    assert!(said.contains("answered with twice") || said.contains("two trees"), "{said}");
}
