//! A seed that leaked: the node answers nothing until the next epoch, and nothing of the old one counts.

use super::*;
use crate::harness::process::healthcheck;
use crate::harness::target::problem;

fn verify(keys: &str, receipt: &str) -> i32 {
    r4(&["verify", "--keys", keys, "-"], receipt.as_bytes()).code
}

fn revoke(state: &Path, key_hash: &str) -> Said {
    r4(&["keys", "revoke-epoch", key_hash, "--state", state.to_str().unwrap()], b"")
}

/// Waits until the epochs have these statuses, and returns the keys.
fn until(node: &Client, wanted: &[&str]) -> Value {
    wait_for(&format!("the epochs are never {wanted:?}"), seconds(20), || {
        let keys = keys(node);
        (statuses(&keys) == wanted).then_some(keys)
    })
}

#[test]
fn a_leaked_seed_stops_the_node_until_the_next_epoch() {
    if skips_processes() {
        return;
    }
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let vrf = vrf_with(state.path(), &[("R4_EPOCH_NOTICE", NOTICE)]);
    let gateway = gateway(NOWHERE, &vrf.url(), UNLIMITED);
    let (node, public) = (vrf.client(), gateway.client());
    let ask = || public.send(&Request::get("/v1/vrf?sig=dual").key(KEY));
    let before = ask().expect(200).text().to_owned();
    let old_keys = write(&work, "old.json", &keys(&node).to_string());
    let leaked = keys(&node)["active"].as_str().unwrap().to_owned();

    let other = revoke(state.path(), &format!("0x{}", "0".repeat(64)));
    assert!(other.code == 2 && other.err.contains("no epoch of this node"), "{other:?}");
    let said = revoke(state.path(), &leaked);
    assert_eq!(said.code, 0, "{said:?}");
    let document = until(&node, &["revoked"]);
    assert_eq!(document["active"], Value::Null);
    wait_for("the gateway shows other keys", seconds(5), || {
        (public.get("/v1/keys").expect(200).json() == document).then_some(())
    });
    let revoked_keys = write(&work, "revoked.json", &document.to_string());
    assert_eq!((verify(&old_keys, &before), verify(&revoked_keys, &before)), (0, 1));
    let refused = ask();
    let (kind, detail) = problem(&refused, 503);
    assert!(kind == "keys-revoked" && detail.contains("no others are announced"), "{detail}");
    assert_eq!(refused.header("retry-after"), Some("3600"));
    assert_eq!(problem(&node.get("/ready"), 503).1, detail);
    let said = public.send(&Request::post("/v1/verify", before.as_bytes())).expect(200).json();
    assert!(said["valid"] == false && said["failed"] == "revoked", "{said}");
    // What looks after containers leaves them alone: keys and log are still served.
    let unready = healthcheck("r4-vrf", vrf.address(), &["--ready"]);
    assert!(unready.0 == Some(1) && unready.1.contains(&detail), "{unready:?}");
    assert_eq!(healthcheck("r4-vrf", vrf.address(), &[]).0, Some(0));
    // The log goes on, and whoever watches it can read it from these keys.
    let said = log_verify(&vrf.url(), &revoked_keys, NOTICE_WORD);
    assert_eq!(said.code, 0, "{said:?}");

    order(state.path());
    until(&node, &["revoked", "announced"]);
    let refused = ask();
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(problem(&refused, 503).1.contains("the next ones sign from 20") && wait <= 5, "{wait}");
    let new_keys = until(&node, &["revoked", "active"]);
    let new_keys = write(&work, "new.json", &new_keys.to_string());
    let after = wait_for("it does not sign again", seconds(20), || {
        let answer = ask();
        (answer.status == 200).then(|| answer.text().to_owned())
    });
    assert_eq!((verify(&new_keys, &after), verify(&new_keys, &before)), (0, 1));
    assert_eq!(log_verify(&vrf.url(), &old_keys, NOTICE_WORD).code, 0);

    // One that signs no more is revoked like that, too, and no end forgets it.
    vrf.kill();
    let vrf = vrf_with(state.path(), &[("R4_EPOCH_NOTICE", NOTICE)]);
    assert_eq!(statuses(&keys(&vrf.client())), ["revoked", "active"]);
}
