//! The receipt index: each number once, whatever is asked at once, and none left out by a clean stop.

use std::collections::BTreeSet;
use std::thread;

use crate::harness::external::skips_processes;
use crate::harness::ledger::Ledger;
use crate::harness::load::ask;
use crate::harness::node::{NOWHERE, vrf};
use crate::harness::target::PinnedKeys;
use crate::harness::wire::Response;

const TOGETHER: usize = 64;

fn index(receipt: &Response) -> u64 {
    let receipt = receipt.json();
    let index = receipt["index"].as_str().unwrap_or_else(|| panic!("no index: {receipt}"));
    index.parse().expect("a decimal number")
}

#[test]
fn receipts_asked_for_together_have_indexes_of_their_own() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let vrf = vrf(state.path(), NOWHERE);
    let client = vrf.client();
    let keys = PinnedKeys::write(&client.get("/keys").expect(200).body);
    let receipts: Vec<Response> = thread::scope(|scope| {
        let ask = |_| scope.spawn(|| ask(&client, "/vrf").unwrap().expect(200));
        let asked: Vec<_> = (0..TOGETHER).map(ask).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let indexes: BTreeSet<u64> = receipts.iter().map(index).collect();
    // Index 0 is that of the keys' entry in the log.
    assert!(indexes.into_iter().eq(1..=TOGETHER as u64));
    for receipt in receipts.iter().step_by(8) {
        let said = keys.verify(&receipt.body, &[]);
        assert_eq!(said.code, 0, "{said:?}");
    }
}

#[test]
fn a_clean_stop_leaves_no_index_out() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::default();
    for first in [1, 3, 5] {
        let vrf = vrf(state.path(), NOWHERE);
        for next in [first, first + 1] {
            let answer = ask(&vrf.client(), "/vrf?sig=ecdsa").unwrap().expect(200);
            assert_eq!(index(&answer), next);
            ledger.answered(&answer);
        }
        ledger.prove(&vrf.client());
        vrf.stop();
    }
    assert_eq!(ledger.missed, 0);
}
