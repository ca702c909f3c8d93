//! Records come in any order, are written in batches, and are answered with proofs.

use super::host::{TestHost, missed};
use super::*;
use proptest::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

#[test]
fn every_answer_proves_its_entry() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    assert_eq!(store.notes().sentences, Vec::<String>::new());
    let mut entries = vec![first().entry];
    for included in append_all(&store, 1..40) {
        verify(&included);
        entries.push(record(included.index).entry);
        assert_eq!(included.leaf_hash, leaf_hash(entries.last().unwrap()));
        assert!(included.tree_size <= store.size());
    }
    assert_eq!(store.size(), 40);
    assert_eq!(store.head().root, naive_root(&entries));
    assert_eq!(store.entries(0, 1000).unwrap(), entries);
    assert_eq!(store.entries(38, 1).unwrap(), [record(38).entry]);
    assert_eq!(store.body(39).unwrap(), Some(b"body 39".to_vec()));
    assert_eq!(store.body(40).unwrap(), None);
    assert_eq!(store.find(&record(17).id.unwrap()).unwrap(), Some(17));
    assert_eq!(store.find(&[9; 32]).unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_order_gives_the_same_log(order in Just((1..60_u64).collect::<Vec<_>>()).prop_shuffle(),
                                    batch_size in 1..70_usize) {
        let folder = fresh();
        let host = TestHost::plain();
        let store = LogStore::create(folder.path(), ORIGIN, first(), host, settings(batch_size));
        let store = store.unwrap();
        let answers: Vec<_> = order.iter().map(|index| append(&store, record(*index))).collect();
        for (index, answer) in order.iter().zip(answers) {
            let included = answer.recv_timeout(LONG).unwrap().unwrap();
            prop_assert_eq!(included.index, *index);
            verify_unsigned(&included);
        }
        let mut entries: Vec<_> = (0..60).map(|index| record(index).entry).collect();
        entries[0] = first().entry;
        prop_assert_eq!(store.entries(0, 100).unwrap(), entries);
    }
}

#[test]
fn only_what_has_no_gap_before_it_is_written() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    let waiting = append(&store, record(3));
    append_all(&store, [1]);
    assert_eq!(store.size(), 2);
    assert!(waiting.try_recv().is_err());
    let second = append(&store, record(2));
    assert_eq!(second.recv_timeout(LONG).unwrap().unwrap().index, 2);
    assert_eq!(waiting.recv_timeout(LONG).unwrap().unwrap().index, 3);
}

#[test]
fn an_index_is_used_once() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    append_all(&store, [1]);
    let waiting = append(&store, record(3));
    store.abandon(4);
    for index in [0, 1, 3, 4] {
        let answer = append(&store, record(index)).recv_timeout(LONG).unwrap();
        assert_eq!(answer, Err(AppendError::Repeated { index }));
    }
    store.abandon(3);
    append_all(&store, [2]);
    waiting.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(store.fill(5), Ok(0));
    assert_eq!(store.entries(2, 9).unwrap(), [record(2).entry, record(3).entry, missed(4)]);
}

#[test]
fn unusable_records_change_nothing() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    let long_entry = Record { entry: vec![9; 65_536], id: None, ..record(1) };
    let long_body = Record { body: vec![9; crate::MAX_BODY_BYTES + 1], ..record(1) };
    let other_id = Record { id: Some([1; 32]), ..record(1) };
    let no_id = Record { id: None, ..record(1) };
    let bad = [long_entry, long_body, other_id, no_id];
    let answers = bad.map(|record| append(&store, record).recv_timeout(LONG).unwrap().unwrap_err());
    let (long, id) = (AppendError::TooLong, AppendError::Id);
    assert_eq!(answers, [long.clone(), long, id.clone(), id]);
    let longest =
        Record { entry: vec![9; 65_535], id: None, body: vec![8; crate::MAX_BODY_BYTES], index: 1 };
    append(&store, longest.clone()).recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(store.entries(1, 9).unwrap(), [longest.entry]);
    assert_eq!(store.body(1).unwrap(), Some(longest.body));
}

#[test]
fn a_full_batch_does_not_wait_and_is_one_signature() {
    let folder = fresh();
    let host = TestHost::plain();
    let slow = Settings { batch_interval: Duration::from_hours(1), batch_size: 8 };
    let store = LogStore::create(folder.path(), ORIGIN, first(), host.clone(), slow).unwrap();
    let before = host.signed.load(Ordering::SeqCst);
    let included = append_all(&store, 1..17);
    assert_eq!(host.signed.load(Ordering::SeqCst) - before, 2);
    let sizes: Vec<u64> = included.iter().map(|included| included.tree_size).collect();
    assert_eq!(sizes, [[9; 8], [17; 8]].concat());
}

#[test]
fn nothing_is_signed_or_answered_before_the_sync() {
    let points = Arc::new(Mutex::new(Vec::new()));
    let seen = points.clone();
    let host = TestHost::at_points(move |point| seen.lock().unwrap().push(point));
    let folder = fresh();
    let store = create(folder.path(), &host);
    points.lock().unwrap().clear();
    append_all(&store, [1]);
    publish(&store);
    close(store);
    let reached = points.lock().unwrap().clone();
    let batch: Vec<_> =
        reached.iter().filter(|point| crate::POINTS[6..12].contains(point)).collect();
    assert_eq!(batch, crate::POINTS[6..12].iter().collect::<Vec<_>>());
    for point in &crate::POINTS[12..] {
        assert!(reached.contains(point), "{point}");
    }
}

#[test]
fn abandoned_and_never_seen_indexes_become_missed() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    let late = append(&store, record(3));
    store.abandon(1);
    store.abandon(2);
    late.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(store.fill(30), Ok(26));
    assert_eq!(store.fill(30), Ok(0));
    let entries = store.entries(0, 100).unwrap();
    assert_eq!(entries.len(), 30);
    assert_eq!(entries[1..4], [missed(1), missed(2), record(3).entry]);
    assert_eq!(entries[29], missed(29));
    append_all(&store, [30]);
}

#[test]
fn a_fill_goes_around_what_waits() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    let waiting = append(&store, record(20));
    assert_eq!(store.fill(25), Ok(23));
    waiting.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(store.entries(20, 1).unwrap(), [record(20).entry]);
}

#[test]
fn closing_writes_what_it_can_and_tells_the_rest() {
    let folder = fresh();
    let slow = Settings { batch_interval: Duration::from_hours(1), batch_size: 100 };
    let store = LogStore::create(folder.path(), ORIGIN, first(), TestHost::plain(), slow).unwrap();
    let (good, stuck) = (append(&store, record(1)), append(&store, record(3)));
    store.close().unwrap();
    let late = append(&store, record(2)).recv_timeout(LONG).unwrap();
    assert_eq!((late, store.fill(9)), (Err(AppendError::Closed), Err(AppendError::Closed)));
    close(store);
    good.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(stuck.recv_timeout(LONG).unwrap(), Err(AppendError::Closed));
    assert_eq!(open(folder.path()).unwrap().size(), 2);
}

#[test]
fn a_host_that_fails_stops_the_store() {
    for sign in [true, false] {
        let folder = fresh();
        let host = TestHost::plain();
        let store = create(folder.path(), &host);
        if sign {
            host.refuse_to_sign.store(true, Ordering::SeqCst);
        } else {
            host.refuse_missed.store(true, Ordering::SeqCst);
            store.abandon(1);
        }
        let index = if sign { 1 } else { 2 };
        let answer = append(&store, record(index)).recv_timeout(LONG).unwrap();
        assert!(matches!(answer, Err(AppendError::Stopped { .. })), "{answer:?}");
        assert!(store.healthy().unwrap_err().contains(if sign { "no key" } else { "no output" }));
        assert!(!store.retry());
        assert!(matches!(store.fill(9), Err(AppendError::Stopped { .. })));
        let answer = append(&store, record(5)).recv_timeout(LONG).unwrap();
        assert!(matches!(answer, Err(AppendError::Stopped { .. })), "{answer:?}");
        assert!(store.close().is_err());
        drop(store);
        let store = open(folder.path()).unwrap();
        assert_eq!(store.size(), if sign { 2 } else { 1 });
    }
}

#[test]
fn a_panic_of_the_host_stops_the_store() {
    let folder = fresh();
    let host = TestHost::at_points(|point| assert_ne!(point, "journal-synced", "induced"));
    let store = create(folder.path(), &host);
    assert!(append(&store, record(1)).recv_timeout(LONG).is_err(), "its answer is dropped");
    let answer = append(&store, record(2)).recv_timeout(LONG).unwrap();
    assert!(matches!(answer, Err(AppendError::Stopped { .. })), "{answer:?}");
}
