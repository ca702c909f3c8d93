//! Several requests at a time, and never more.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Requests that are open at once.
pub(super) const WORKERS: usize = 8;

/// Does `work` for each item on a few threads; returns what came out, in the order of the items.
pub(super) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let place = next.fetch_add(1, Ordering::Relaxed);
        items.get(place).map(|item| (place, item))
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let run = || std::iter::from_fn(take).map(|(place, item)| (place, work(item))).collect();
        let threads: Vec<_> = (0..WORKERS.min(items.len())).map(|_| scope.spawn(run)).collect();
        let joined = threads
            .into_iter()
            .map(|thread| -> Vec<_> { thread.join().unwrap_or_else(|panic| resume_unwind(panic)) });
        joined.flatten().collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{WORKERS, in_parallel};

    #[test]
    fn order_is_kept_and_threads_are_few() {
        let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let items: Vec<u32> = (0..100).collect();
        let doubled = in_parallel(&items, |item| {
            most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            open.fetch_sub(1, Ordering::SeqCst);
            item * 2
        });
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(most.into_inner() <= WORKERS);
        assert!(in_parallel(&[] as &[u32], |item| *item).is_empty());
    }
}
