//! Backups of a node that changes to another root seed.

use std::fs;
use std::thread;
use std::time::Duration;

use super::site::Site;
use crate::harness::external::skips_processes;
use crate::harness::load::ask;
use crate::harness::node::vrf_with;
use crate::harness::process::{Service, Variables};
use crate::harness::r4::r4;
use crate::harness::wire::Response;
use crate::harness::{seconds, wait_for};

const NOTICE: Variables<'static> = &[("R4_EPOCH_NOTICE", "3")];

fn statuses(service: &Service) -> Vec<String> {
    let keys = service.client().get("/keys").expect(200).json();
    let epochs = keys["epochs"].as_array().unwrap().iter();
    epochs.map(|epoch| epoch["status"].as_str().unwrap().to_owned()).collect()
}

fn receipt(service: &Service) -> Response {
    ask(&service.client(), "/vrf?sig=dual").unwrap().expect(200)
}

#[track_caller]
fn verifies(keys: &str, receipt: &Response) {
    r4(&["verify", "--keys", keys, "-"], &receipt.body).exits(0);
}

#[test]
fn a_log_goes_on_with_the_seed_that_signed_its_end_or_not_at_all() {
    if skips_processes() {
        return;
    }
    let site = Site::new();
    let service = vrf_with(&site.state(), NOTICE);
    let first = receipt(&service);
    let before = site.create(&["--without-gateway"]);
    let next = site.state().join("next.seed");
    r4(&["keys", "generate", "--out", next.to_str().unwrap()], b"").exits(0);
    wait_for("the epoch is not announced", seconds(20), || {
        (statuses(&service) == ["active", "announced"]).then_some(())
    });
    thread::sleep(Duration::from_millis(1100));
    let announced = site.create(&["--without-gateway"]);
    wait_for("the new epoch does not begin", seconds(20), || {
        (statuses(&service) == ["retired", "active"]).then_some(())
    });
    let second = receipt(&service);
    let mirror = site.mirror(&service);
    thread::sleep(Duration::from_millis(1100));
    let after = site.create(&["--without-gateway"]);
    for name in [&before, &announced, &after] {
        site.verify(name).exits(0);
    }
    service.kill();
    let hash = |receipt: &Response| receipt.json()["key_hash"].clone();
    assert_ne!(hash(&first), hash(&second));

    // The seed that signed the end is not in the first backup.
    site.lose();
    site.restore(&[&before]).exits(0);
    site.resume(&["--last", &mirror]).exits(1).says("changed to another root seed");
    site.resume(&["--last", &mirror, "--close"]).exits(0);
    let closed = fs::read_dir(site.state().join("closed")).unwrap().next().unwrap().unwrap();
    let keys = closed.path().join("keys.json").display().to_string();
    verifies(&keys, &first);
    verifies(&keys, &second);

    // It waits in the second, and is in its place in the third.
    for name in [&announced, &after] {
        site.lose();
        site.restore(&[name, "--last", &mirror]).exits(0);
        let service = vrf_with(&site.state(), NOTICE);
        assert_eq!(statuses(&service), ["retired", "active"], "{name}");
        let third = receipt(&service);
        assert_eq!(hash(&third), hash(&second), "{name}");
        let keys = site.path("keys.json");
        fs::write(&keys, service.client().get("/keys").expect(200).body).unwrap();
        for receipt in [&first, &second, &third] {
            verifies(keys.to_str().unwrap(), receipt);
        }
        let url = format!("{}/log", service.url());
        r4(&["log", "verify", "--notice", "3s", &url], b"").exits(0);
    }
}
