//! What happens when the node's own check fails, and when the disk does.

use super::*;
use crate::order::Order;
use r4_ecvrf::evm::EvmProofError;
use r4_receipt::EvmError;
use std::fs;

fn open(folder: &Path) -> Node {
    Node::open(folder, Readiness::not_yet("test")).unwrap()
}

fn order(query: &str) -> Order {
    Order::from_query(Some(query)).unwrap()
}

#[test]
fn a_node_is_ready_after_its_tests() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    assert_eq!(node.readiness().reason(), None);
    assert!(node.issue_receipt(order("sig=dual"), 1).is_ok());
    let second = Node::open(folder.path(), Readiness::not_yet("test")).expect_err("locked");
    assert!(second.to_string().contains("in use"), "{second}");
}

/// Public keys that are not those of the secret keys stand for any fault in signing.
#[test]
fn a_fault_withholds_the_answer_and_stops_signing() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stranger = open(two.path()).public;
    for check in ["vrf", "ecdsa", "mldsa65"] {
        let mut node = open(one.path());
        match check {
            "vrf" => node.public.ecvrf = stranger.ecvrf,
            "ecdsa" => node.public.ecdsa = stranger.ecdsa,
            _ => node.public.mldsa65 = stranger.mldsa65,
        }
        let error = node.issue_receipt(order("alpha=00&format=evm"), 1).expect_err("fault");
        assert!(matches!(&error, IssueError::Fault(Fault::Check(n)) if *n == check), "{error}");
        assert!(node.readiness().reason().unwrap().contains(check));
        let after = node.issue_receipt(order("alpha=00"), 1).expect_err("halted");
        assert!(matches!(after, IssueError::Halted(_)), "{after}");
        let problems = [r4_service::Problem::from(error), after.into()];
        assert_eq!(problems.map(|p| p.status().as_u16()), [500, 503]);
    }
}

/// No input is known that leads to it, and it is no fault: the node goes on.
#[test]
fn a_proof_without_a_form_for_contracts_is_named_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let no_form = EvmError::Form(EvmProofError::Identity);
    let error = node.with_index(|_| Err(no_form)).expect_err("no form");
    let problem = r4_service::Problem::from(error);
    assert_eq!((problem.status().as_u16(), problem.slug()), (500, "no-evm-form"));
    assert!(problem.detail().contains("has no EVM form: one of the points"), "{problem:?}");
    assert_eq!(node.readiness().reason(), None);
    assert!(node.issue_receipt(order("format=evm"), 1).is_ok());
}

#[test]
fn a_self_test_that_fails_stops_signing_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let good = node.selftest();
    assert!(good.passed && good.failed.is_empty() && good.tests.len() > 10, "{good:?}");
    assert!(node.issue_receipt(order("alpha=00"), 1).is_ok());

    let result = |name, outcome| TestResult { name, outcome };
    let results = [result("one", Outcome::Passed), result("two", Outcome::Failed)];
    let answer = node.judge(&results);
    assert_eq!((answer.passed, answer.failed), (false, vec!["two".to_owned()]));
    assert_eq!(answer.tests.iter().map(|test| test.ok).collect::<Vec<_>>(), [true, false]);
    for _ in 0..2 {
        let after = node.issue_receipt(order("alpha=00"), 1).expect_err("halted");
        assert!(matches!(after, IssueError::Halted(_)), "{after}");
        assert!(node.readiness().reason().unwrap().contains("self-test failed: two"));
        assert!(node.selftest().passed, "a success afterwards starts nothing");
    }
}

#[tokio::test]
async fn a_full_disk_turns_readiness_off_until_it_has_room() {
    let folder = tempfile::tempdir().unwrap();
    let node = Arc::new(open(folder.path()));
    let block = folder.path().join("index.new");
    fs::create_dir(&block).unwrap();
    let mut receipts = 0;
    let error = loop {
        match node.issue_receipt(order("sig=ecdsa&alpha=00"), 1) {
            Ok(_) => receipts += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(receipts, 64, "the batch of the start");
    let IssueError::Index(cause) = error else { panic!("{error}") };
    recover(&node, &cause);
    assert_eq!(node.readiness().reason().as_deref(), Some(NO_INDEX));
    fs::remove_dir(&block).unwrap();
    let ready = async {
        while node.readiness().reason().is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ready).await.unwrap();
    let receipt = node.issue_receipt(order("sig=ecdsa&alpha=00"), 1).unwrap();
    assert!(receipt.contains(r#""index":"64""#), "{receipt}");
}
