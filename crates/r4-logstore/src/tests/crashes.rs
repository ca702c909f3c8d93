//! The folder as it is at each point, as a crash would leave it, opened again.

use super::host::{TestHost, missed};
use super::*;
use crate::{POINTS, fsck};
use r4_tlog::tree::verify_consistency;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// For each point, which copies were made there, and how many answers were out by then.
type Copies = BTreeMap<&'static str, Vec<(usize, usize)>>;

/// What the receivers had when a copy was made.
#[derive(Clone, Default)]
struct Seen {
    answered: Arc<Mutex<Vec<Included>>>,
}

#[test]
fn after_a_crash_at_any_point_every_answered_record_is_in_the_log() {
    let (live, copies) = (fresh(), fresh());
    let seen = Seen::default();
    let taken: Arc<Mutex<Copies>> = Arc::default();
    let (from, to, answers, log) =
        (live.path().to_owned(), copies.path().to_owned(), seen.clone(), taken.clone());
    let host = TestHost::at_points(move |point| {
        // Before the copy: what is answered meanwhile must not be expected of it.
        let answered = answers.answered.lock().unwrap().len();
        let mut taken = log.lock().unwrap();
        let count: usize = taken.values().map(Vec::len).sum();
        copy_folder(&from, &to.join(count.to_string()));
        taken.entry(point).or_default().push((count, answered));
    });
    let store = create(live.path(), &host);
    for start in (1..25).step_by(6) {
        let answers = append_all(&store, start..start + 6);
        seen.answered.lock().unwrap().extend(answers);
        publish(&store);
    }
    close(store);
    let answered = seen.answered.lock().unwrap().clone();
    let taken = taken.lock().unwrap().clone();
    for point in POINTS {
        for (number, count) in &taken[point] {
            let copy = copies.path().join(number.to_string());
            after_crash(&copy, &answered[..*count], point);
        }
    }
}

fn after_crash(copy: &Path, answered: &[Included], point: &str) {
    if !LogStore::exists(copy) {
        assert!(answered.is_empty(), "{point}");
        let store = create(copy, &TestHost::plain());
        append_all(&store, [1]);
        return;
    }
    let report = fsck::check(copy, &[host::key()]);
    let serious: Vec<_> =
        report.findings.iter().filter(|f| f.remedy == fsck::Remedy::Backup).collect();
    assert!(serious.is_empty(), "{point}: {serious:?}");
    let store = open(copy).unwrap_or_else(|error| panic!("{point}: {error}"));
    let published = store.published().checkpoint.clone();
    assert!(published.size <= store.size(), "{point}");
    for included in answered {
        let entry = &store.entries(included.index, 1).unwrap()[0];
        assert_eq!(leaf_hash(entry), included.leaf_hash, "{point}");
        assert_eq!(store.root(included.tree_size).unwrap(), included.root, "{point}");
        assert_eq!(store.find(&record(included.index).id.unwrap()).unwrap(), Some(included.index));
    }
    store.fill(40).unwrap();
    assert_eq!(store.entries(39, 1).unwrap(), [missed(39)]);
    let proof = store.consistency(published.size, 40).unwrap();
    let root = store.head().root;
    verify_consistency(published.size, &published.root, 40, &root, &proof).unwrap();
    publish(&store);
    close(store);
    let report = fsck::check(copy, &[host::key()]);
    assert!(report.is_fine(), "{point}: {:?}", report.findings);
}

#[test]
fn a_creation_cut_short_is_begun_again_even_with_another_record() {
    for point in &POINTS[..6] {
        let (live, copies) = (fresh(), fresh());
        let (from, to) = (live.path().to_owned(), copies.path().to_owned());
        let host = TestHost::at_points(move |reached| {
            if reached == *point {
                copy_folder(&from, &to);
            }
        });
        drop(create(live.path(), &host));
        assert_eq!(LogStore::exists(copies.path()), *point == "first-checkpoint-renamed");
        let other = Record { entry: b"\x01\x04other".to_vec(), ..first() };
        let made =
            LogStore::create(copies.path(), ORIGIN, other.clone(), TestHost::plain(), settings(8));
        if *point == "first-checkpoint-renamed" {
            assert!(matches!(made, Err(OpenError::Exists { .. })));
            assert_eq!(open(copies.path()).unwrap().size(), 1);
        } else {
            assert_eq!(made.unwrap().entries(0, 9).unwrap(), [other.entry], "{point}");
        }
    }
}
