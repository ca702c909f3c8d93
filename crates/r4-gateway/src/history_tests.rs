//! What counts in the history, and what does not.

use super::*;

const NOW: u64 = 1_893_553_200;

fn states(core: Health, vrf: Health, entropy: Health) -> [(Component, Health); 3] {
    [(Component::R4Core, core), (Component::R4Vrf, vrf), (Component::Entropy, entropy)]
}

fn well() -> [(Component, Health); 3] {
    states(Health::Ok, Health::Ok, Health::Ok)
}

fn seen(ok: u32, degraded: u32, down: u32) -> SecondsSeen {
    SecondsSeen { ok, degraded, down }
}

fn bucket(history: &History, start: u64) -> StatusBucket {
    let answer = history.answer_of(&[], start_of(NOW - SHOWN_SECONDS), NOW);
    let found = answer.buckets.into_iter().find(|bucket| bucket.start == start);
    found.unwrap_or_default()
}

#[test]
fn each_second_counts_once_however_long_a_look_takes() {
    let (history, begin) = (History::default(), Instant::now());
    let mut at = begin;
    for pause in [0, 1002, 999, 2500, 1500] {
        at += Duration::from_millis(pause);
        history.take(states(Health::Ok, Health::Down, Health::Degraded), at, NOW);
    }
    let bucket = bucket(&history, NOW);
    // One second for the first look, then the six that passed.
    assert_eq!(bucket.r4_core, Some(seen(7, 0, 0)));
    assert_eq!(bucket.r4_vrf, Some(seen(0, 0, 7)));
    assert_eq!(bucket.entropy, Some(seen(0, 7, 0)));
}

#[test]
fn time_in_which_nobody_looked_is_in_no_count() {
    let (history, begin) = (History::default(), Instant::now());
    history.take(well(), begin, NOW);
    let later = begin + Duration::from_mins(20);
    history.take(well(), later, NOW + 1200);
    let answer = history.answer_of(&[], NOW - 600, NOW + 1200);
    let starts: Vec<u64> = answer.buckets.iter().map(|bucket| bucket.start).collect();
    assert_eq!(starts, [NOW, NOW + 1200]);
    assert!(answer.buckets.iter().all(|bucket| bucket.r4_core == Some(seen(1, 0, 0))));
}

#[test]
fn the_store_and_what_waits_add_up_and_what_is_old_or_unknown_is_not_shown() {
    let history = History::default();
    history.take(well(), Instant::now(), NOW);
    let row = |start, component: &str| HealthRow {
        start,
        component: component.to_owned(),
        ok: 200,
        degraded: 3,
        down: 4,
    };
    let since = start_of(NOW - SHOWN_SECONDS);
    let rows = [
        row(since - 300, "r4-core"),
        row(since, "r4-core"),
        row(NOW, "r4-core"),
        row(NOW, "something to come"),
    ];
    let answer = history.answer_of(&rows, since, NOW);
    let [oldest, newest] = answer.buckets.as_slice() else { panic!("{answer:?}") };
    assert_eq!((oldest.start, oldest.r4_core), (since, Some(seen(200, 3, 4))));
    assert_eq!((oldest.r4_vrf, oldest.entropy), (None, None));
    assert_eq!((newest.start, newest.r4_core), (NOW, Some(seen(201, 3, 4))));
    assert_eq!(newest.r4_vrf, Some(seen(1, 0, 0)));
}

#[test]
fn the_answer_has_the_form_that_is_promised() {
    let history = History::default();
    history.take(states(Health::Ok, Health::Down, Health::Ok), Instant::now(), NOW);
    let mut answer = history.answer_of(&[], NOW, NOW + 1);
    answer.buckets[0].entropy = None;
    let expected = serde_json::json!({
        "now": NOW + 1,
        "since": NOW,
        "components": ["r4-core", "r4-vrf", "entropy"],
        "bucket_seconds": 300,
        "buckets": [{
            "start": NOW,
            "r4-core": {"ok": 1, "degraded": 0, "down": 0},
            "r4-vrf": {"ok": 0, "degraded": 0, "down": 1},
        }],
    });
    assert_eq!(serde_json::to_value(answer).expect("JSON"), expected);
}

#[tokio::test]
async fn what_is_written_is_shown_once() {
    let (history, store) = (History::default(), Store::in_memory().expect("a store"));
    let now = unix_now();
    history.take(well(), Instant::now(), now);
    assert_eq!(history.waiting(), 3);
    history.write(&store).await;
    assert_eq!(history.waiting(), 0);
    history.write(&store).await;
    let answer = history.status(&store).await.expect("a status");
    assert_eq!(answer.buckets.len(), 1);
    assert_eq!(answer.buckets[0].r4_core, Some(seen(1, 0, 0)));
    // Another gateway of the same store; and an answer is given again for a while.
    let other = History::default();
    other.take(well(), Instant::now(), now);
    other.write(&store).await;
    assert_eq!(
        other.status(&store).await.expect("a status").buckets[0].r4_vrf,
        Some(seen(2, 0, 0))
    );
    assert_eq!(history.status(&store).await.expect("a status"), answer);
}

#[test]
fn what_the_store_did_not_take_waits_on_but_not_without_end() {
    let (history, begin) = (History::default(), Instant::now());
    history.take(well(), begin, NOW);
    let deltas = history.take_waiting();
    history.take(well(), begin + Duration::from_secs(1), NOW);
    history.put_back(&deltas);
    assert_eq!(bucket(&history, NOW).r4_core, Some(seen(2, 0, 0)));
    let mut at = begin;
    for bucket in 0..400 {
        at += Duration::from_mins(5);
        history.take(well(), at, NOW + bucket * 300);
    }
    assert_eq!(history.waiting(), MOST_WAITING);
    assert_eq!(bucket(&history, NOW).r4_core, None, "the oldest goes first");
}
