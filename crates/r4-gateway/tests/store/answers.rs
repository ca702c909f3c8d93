//! Answers kept for a repeated request, and public lists.

use r4_gateway::keys::KeyId;
use r4_gateway::store::{Begun, KEEP_SECONDS, Kept as Answer, MOST_SLOTS, UNDER_WAY_SECONDS};

use crate::both::{Kept, NOW, on_both, some_id};

on_both! {
    a_repeated_request_gets_the_first_answer;
    a_request_that_never_ended_is_begun_anew;
    answers_end_after_a_day;
    lists_are_kept_by_their_hash;
}

fn answer(text: &str) -> Answer {
    Answer { status: 200, content_type: "application/json".to_owned(), body: text.into() }
}

async fn a_repeated_request_gets_the_first_answer(kept: Kept) {
    let (store, owner, slot) = (&kept.store, some_id(), [7; 32]);
    let begin = async |mark: u8| store.begin(slot, owner, [mark; 32], NOW).await.expect("begun");
    assert_eq!(begin(1).await, Begun::New);
    assert_eq!(begin(1).await, Begun::InProgress);
    assert_eq!(begin(2).await, Begun::Different);
    store.release(slot).await.expect("released");
    assert_eq!(begin(2).await, Begun::New, "a slot without an answer is free again");
    store.finish(slot, answer("{}"), NOW + 1).await.expect("finished");
    assert_eq!(begin(2).await, Begun::Done(answer("{}")));
    assert_eq!(begin(1).await, Begun::Different);
    store.release(slot).await.expect("nothing to release");
    assert_eq!(begin(2).await, Begun::Done(answer("{}")), "an answer is not released");
    store.finish([8; 32], answer("x"), NOW).await.expect("nothing was begun");
    let other = store.begin([8; 32], owner, [1; 32], NOW).await;
    assert_eq!(other, Ok(Begun::New));
}

async fn a_request_that_never_ended_is_begun_anew(kept: Kept) {
    let (store, owner, slot) = (&kept.store, some_id(), [7; 32]);
    let begin = async |now| store.begin(slot, owner, [1; 32], now).await.expect("begun");
    assert_eq!(begin(NOW).await, Begun::New);
    assert_eq!(begin(NOW + UNDER_WAY_SECONDS - 1).await, Begun::InProgress);
    assert_eq!(begin(NOW + UNDER_WAY_SECONDS).await, Begun::New);
    assert_eq!(begin(NOW + UNDER_WAY_SECONDS).await, Begun::InProgress);
}

async fn answers_end_after_a_day(kept: Kept) {
    let (store, owner, slot) = (&kept.store, some_id(), [7; 32]);
    let begin = async |now| store.begin(slot, owner, [1; 32], now).await.expect("begun");
    assert_eq!(begin(NOW).await, Begun::New);
    store.finish(slot, answer("{}"), NOW).await.expect("finished");
    store.sweep(NOW + KEEP_SECONDS - 1).await.expect("swept");
    assert_eq!(begin(NOW + KEEP_SECONDS - 1).await, Begun::Done(answer("{}")));
    assert_eq!(begin(NOW + KEEP_SECONDS).await, Begun::New);
    store.sweep(NOW + KEEP_SECONDS + UNDER_WAY_SECONDS).await.expect("swept");
    assert_eq!(begin(NOW).await, Begun::New, "the row is gone");
}

/// Returns one of many slots.
fn slot(number: u64) -> [u8; 32] {
    let mut slot = [0; 32];
    slot[..8].copy_from_slice(&number.to_be_bytes());
    slot
}

#[tokio::test]
async fn an_owner_has_so_many_answers_in_memory() {
    let (kept, owner) = (Kept::memory(), some_id());
    for number in 0..MOST_SLOTS {
        let begun = kept.store.begin(slot(number), owner, [1; 32], NOW).await;
        assert_eq!(begun, Ok(Begun::New), "{number}");
    }
    an_owner_has_so_many_answers(&kept, owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_has_so_many_answers_in_a_database() {
    let (kept, owner) = (Kept::database().await, some_id());
    let fill = format!(
        "INSERT INTO r4_slots SELECT decode(lpad(to_hex(n), 16, '0') || repeat('0', 48), 'hex'), \
         {}, decode(repeat('01', 32), 'hex'), {} FROM generate_series(0, {} - 1) n",
        owner.number(),
        NOW + UNDER_WAY_SECONDS,
        MOST_SLOTS
    );
    kept.run(&fill).await;
    an_owner_has_so_many_answers(&kept, owner).await;
}

/// The owner has as many as it may.
async fn an_owner_has_so_many_answers(kept: &Kept, owner: KeyId) {
    let store = &kept.store;
    let begin =
        async |number, now| store.begin(slot(number), owner, [1; 32], now).await.expect("begun");
    assert_eq!(begin(MOST_SLOTS, NOW).await, Begun::Full);
    assert_eq!(begin(0, NOW).await, Begun::InProgress, "what is there is still told");
    let other = store.begin(slot(MOST_SLOTS), some_id(), [1; 32], NOW).await;
    assert_eq!(other, Ok(Begun::New), "another owner has its own");
    store.release(slot(1)).await.expect("released");
    assert_eq!(begin(MOST_SLOTS + 1, NOW).await, Begun::New);
    assert_eq!(begin(MOST_SLOTS + 2, NOW).await, Begun::Full);
    assert_eq!(begin(MOST_SLOTS + 2, NOW + UNDER_WAY_SECONDS).await, Begun::New, "all have ended");
}

async fn lists_are_kept_by_their_hash(kept: Kept) {
    let store = &kept.store;
    assert_eq!(store.list_text([1; 32]).await, Ok(None));
    let long = vec![b'x'; 2_000_000];
    store.put_list([1; 32], b"a\nb\n").await.expect("kept");
    store.put_list([1; 32], b"a\nb\n").await.expect("again");
    store.put_list([2; 32], &long).await.expect("kept");
    assert_eq!(store.list_text([1; 32]).await, Ok(Some(b"a\nb\n".to_vec())));
    assert_eq!(store.list_text([2; 32]).await, Ok(Some(long)));
}
