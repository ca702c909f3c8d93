//! `cargo bench -p xtask --bench primitives`: the time of every primitive, and of receipts made, read and checked.
//!
//! A minute and a half; `-- --quick` less, `-- ecvrf` those with this in their name. Estimates in nanoseconds are in
//! `criterion/GROUP/NAME/new/estimates.json` of the target folder.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops at a surprise"
)]

use std::time::Duration;

use criterion::{Criterion, Throughput};

mod works;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .nresamples(10_000)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for work in works::all() {
        let (group, name) = work.name.split_once('/').expect("group/name");
        let mut group = criterion.benchmark_group(group);
        if let Some(bytes) = work.bytes {
            group.throughput(Throughput::Bytes(bytes));
        }
        let mut run = (work.prepare)();
        group.bench_function(name, |bencher| bencher.iter(&mut run));
        group.finish();
    }
    criterion.final_summary();
}
