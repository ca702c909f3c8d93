//! What happens when the node's own check fails, and when the disk does.

use super::*;
use crate::order::Order;
use r4_ecvrf::evm::EvmProofError;
use r4_keystore::seed::RootSeed;
use r4_receipt::EvmError;
use std::fs;

fn try_open(folder: &Path) -> Result<Node, StartError> {
    open_with(folder, Duration::from_hours(24))
}

pub(crate) fn open_with(folder: &Path, notice: Duration) -> Result<Node, StartError> {
    let batches = Settings { batch_interval: Duration::from_millis(1), batch_size: 8 };
    Node::open(folder, &Origin::default(), batches, notice, Readiness::not_yet("test"))
}

fn open(folder: &Path) -> Node {
    try_open(folder).unwrap()
}

/// Makes a receipt and waits for its entry.
pub(crate) fn issue(node: &Node, query: &str) -> Result<String, IssueError> {
    let finish = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(node.issue_receipt(order(query), 1)?.finish(node))
    };
    // On a thread of its own: the test may be on a runtime already.
    std::thread::scope(|scope| scope.spawn(finish).join().unwrap())
}

fn order(query: &str) -> Order {
    Order::from_query(Some(query)).unwrap()
}

#[test]
fn a_node_is_ready_after_its_tests() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    assert_eq!(node.readiness().reason(), None);
    assert!(issue(&node, "sig=dual").is_ok());
    let second = try_open(folder.path()).expect_err("locked");
    assert!(second.to_string().contains("in use"), "{second}");
}

/// Public keys that are not those of the secret keys stand for any fault in signing.
#[test]
fn a_fault_withholds_the_answer_and_stops_signing() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stranger = open(two.path()).host.active.load().public.clone();
    for check in ["vrf", "ecdsa", "mldsa65"] {
        let node = open(one.path());
        let seed = RootSeed::load(&one.path().join("root.seed")).unwrap();
        let mut active = Active::of(NodeKeys::derive(&seed).unwrap());
        match check {
            "vrf" => active.public.ecvrf = stranger.ecvrf,
            "ecdsa" => active.public.ecdsa = stranger.ecdsa,
            _ => active.public.mldsa65 = stranger.mldsa65,
        }
        node.host.active.store(Arc::new(active));
        let error = issue(&node, "alpha=00&format=evm").expect_err("fault");
        assert!(matches!(&error, IssueError::Fault(Fault::Check(n)) if *n == check), "{error}");
        assert!(node.readiness().reason().unwrap().contains(check));
        let after = issue(&node, "alpha=00").expect_err("halted");
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
    let error = node.with_index(|_, _, _| Err::<(), _>(no_form)).expect_err("no form");
    let problem = r4_service::Problem::from(error);
    assert_eq!((problem.status().as_u16(), problem.slug()), (500, "no-evm-form"));
    assert!(problem.detail().contains("has no EVM form: one of the points"), "{problem:?}");
    assert_eq!(node.readiness().reason(), None);
    assert!(issue(&node, "format=evm").is_ok());
}

#[test]
fn a_self_test_that_fails_stops_signing_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let good = node.selftest();
    assert!(good.passed && good.failed.is_empty() && good.tests.len() > 10, "{good:?}");
    assert!(issue(&node, "alpha=00").is_ok());

    let result = |name, outcome| TestResult { name, outcome };
    let results = [result("one", Outcome::Passed), result("two", Outcome::Failed)];
    let answer = node.judge(&results);
    assert_eq!((answer.passed, answer.failed), (false, vec!["two".to_owned()]));
    assert_eq!(answer.tests.iter().map(|test| test.ok).collect::<Vec<_>>(), [true, false]);
    for _ in 0..2 {
        let after = issue(&node, "alpha=00").expect_err("halted");
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
        match issue(&node, "sig=ecdsa&alpha=00") {
            Ok(_) => receipts += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(receipts, 63, "the batch of the start, without the key entry's");
    assert!(matches!(error, IssueError::Index(_)), "{error}");
    recover(&node, &error);
    assert_eq!(node.readiness().reason().as_deref(), Some(NO_DISK));
    fs::remove_dir(&block).unwrap();
    let ready = async {
        while node.readiness().reason().is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ready).await.unwrap();
    let receipt = issue(&node, "sig=ecdsa&alpha=00").unwrap();
    assert!(receipt.contains(r#""index":"64""#), "{receipt}");
}

/// While the disk stands still, callers may come and go: the indexes taken are bounded.
#[test]
fn answers_that_wait_for_the_log_are_bounded_whether_or_not_their_callers_stay() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let stuck = Arc::clone(&node.open).try_acquire_many_owned(1024).unwrap();
    let error = issue(&node, "sig=ecdsa").expect_err("full");
    assert!(matches!(error, IssueError::Busy), "{error}");
    assert_eq!(r4_service::Problem::from(error).slug(), "busy");
    drop(stuck);
    // A caller that leaves at once: its place is free when its entry is there, and not before.
    let size = node.log().size();
    drop(node.issue_receipt(order("sig=ecdsa"), 1).unwrap());
    while node.open.available_permits() < MOST_OPEN {
        std::thread::yield_now();
    }
    assert_eq!(node.log().size(), size + 1);
    assert!(issue(&node, "sig=ecdsa").unwrap().contains(r#""index":"2""#));
}

/// A seed of another node under an existing log would be another signer under an old history.
#[test]
fn a_seed_that_is_not_the_logs_is_refused_by_its_name() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &two] {
        drop(open(folder.path()));
    }
    for file in ["log.seed", "root.seed"] {
        let at = one.path().join(file);
        let own = fs::read(&at).unwrap();
        fs::write(&at, fs::read(two.path().join(file)).unwrap()).unwrap();
        let error = try_open(one.path()).expect_err(file).to_string();
        assert!(error.contains(file) && error.contains("different nodes"), "{error}");
        fs::write(&at, own).unwrap();
        drop(open(one.path()));
    }
}
