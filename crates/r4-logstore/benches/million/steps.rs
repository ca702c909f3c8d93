//! The steps: each is a process.

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use r4_logstore::{Host as _, LogStore, Settings};

use crate::{
    host::{Keys, ORIGIN, Records},
    measure,
};

/// Entries between two measurements.
const CHUNK: u64 = 100_000;
/// Most records on their way: four batches, so that the next one is always full.
const MOST_UNDER_WAY: u64 = 1024;
/// Time between two published checkpoints, as in a node.
const PUBLISH: Duration = Duration::from_secs(1);
/// Proofs that are timed.
const PROOFS: u64 = 10_000;

/// Makes a log of `entries`, prints what each chunk cost, times proofs, and closes it.
pub(crate) fn append(dir: &Path, entries: u64) {
    let (host, mut records) = (Arc::new(Keys::new()), Records::new(0));
    let settings = Settings::default();
    let store = LogStore::create(dir, ORIGIN, records.keys(), host.clone(), settings);
    let mut appending = Appending::new(store.expect("a new log"), host, records);
    println!("resident\tstart\t{}", measure::resident());
    while appending.store.size() < entries {
        let (start, spent, written) =
            (Instant::now(), measure::processor_time(), measure::written());
        let count = CHUNK.min(entries - appending.store.size());
        appending.append(count);
        let each = |spent: Duration| spent.as_secs_f64() * 1e6 / f64::from(small(count));
        println!(
            "append\t{}\t{:.3}\t{:.3}\t{}\t{}",
            appending.store.size(),
            each(start.elapsed()),
            each(measure::processor_time().saturating_sub(spent)),
            (measure::written() - written) / count,
            measure::resident(),
        );
    }
    println!("resident\tappended\t{}", measure::resident());
    let Appending { store, mut records, .. } = appending;
    let size = store.size();
    proofs("random", &store, || records.below(size));
    proofs("newest", &store, || size - 1);
    println!("resident\tproved\t{}", measure::resident());
    let start = Instant::now();
    store.close().expect("a clean end");
    println!("close\t{:.1}", milliseconds(start.elapsed()));
}

/// Opens the log and prints how long that took, after it was closed or killed as `name` says.
pub(crate) fn open(dir: &Path, name: &str) {
    let host = Arc::new(Keys::new());
    let start = Instant::now();
    let store = LogStore::open(dir, host, Settings::default()).expect("a good log");
    let taken = start.elapsed();
    println!("open\t{name}\t{:.1}\t{}", milliseconds(taken), store.size());
    println!("resident\t{name}\t{}", measure::resident());
}

/// Appends and prints how much, until the process is killed.
pub(crate) fn grow(dir: &Path) {
    let host = Arc::new(Keys::new());
    let store = LogStore::open(dir, host.clone(), Settings::default()).expect("a good log");
    let from = store.size();
    let mut appending = Appending::new(store, host, Records::new(from));
    loop {
        appending.append(MOST_UNDER_WAY);
        println!("{}", appending.next - from);
    }
}

/// A log that is appended to.
struct Appending {
    store: LogStore,
    host: Arc<Keys>,
    records: Records,
    next: u64,
    published: Instant,
    done: (Sender<()>, Receiver<()>),
}

impl Appending {
    fn new(store: LogStore, host: Arc<Keys>, records: Records) -> Self {
        let (next, published) = (store.size(), Instant::now());
        Self { store, host, records, next, published, done: channel() }
    }

    /// Appends so many records and waits for all of them to be answered.
    fn append(&mut self, count: u64) {
        let mut under_way = 0;
        for _ in 0..count {
            if under_way == MOST_UNDER_WAY {
                self.done.1.recv().expect("a sender is kept");
                under_way -= 1;
            }
            let (record, done) = (self.records.answer(self.next), self.done.0.clone());
            let answered = move |included: Result<_, _>| {
                included.expect("an entry is in the log");
                done.send(()).expect("a receiver is kept");
            };
            self.store.append(record, Box::new(answered));
            self.next += 1;
            under_way += 1;
            if self.published.elapsed() >= PUBLISH {
                self.publish();
            }
        }
        (0..under_way).for_each(|_| self.done.1.recv().expect("a sender is kept"));
    }

    fn publish(&mut self) {
        let signed = self.host.sign(&self.store.head()).expect("a checkpoint is signed");
        self.store.publish(signed).expect("a checkpoint is published");
        self.published = Instant::now();
    }
}

/// Times proofs of inclusion in the newest tree, each made and checked by the store.
fn proofs(name: &str, store: &LogStore, mut index: impl FnMut() -> u64) {
    let size = store.size();
    let mut times: Vec<Duration> = (0..PROOFS)
        .map(|_| {
            let start = Instant::now();
            store.inclusion(index(), size).expect("a proof");
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| {
        let place = times.len() * share / 100;
        times.get(place).copied().or(times.last().copied()).unwrap_or_default()
    };
    let [median, late, last] = [50, 99, 100].map(|share| at(share).as_secs_f64() * 1e6);
    println!("proof\t{name}\t{median:.1}\t{late:.1}\t{last:.1}");
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn small(count: u64) -> u32 {
    u32::try_from(count).expect("a chunk is small")
}
