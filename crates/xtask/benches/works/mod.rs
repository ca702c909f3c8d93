//! The pieces of work that are timed by `primitives` and counted by `instructions`: each has one name and is made ready
//! in one place.

use std::hint::black_box;

mod curve;
mod engines;
mod hashes;
mod lattice;
mod log;
mod node;
mod receipts;
mod text;

/// Does a piece of work once.
pub(crate) type Run = Box<dyn FnMut()>;

/// A piece of work that can be done again and again.
pub(crate) struct Work {
    /// `group/name`.
    pub(crate) name: &'static str,
    /// Bytes that it makes or reads, where its speed depends on them.
    pub(crate) bytes: Option<u64>,
    /// Makes it ready.
    pub(crate) prepare: fn() -> Run,
}

impl Work {
    pub(crate) const fn new(name: &'static str, prepare: fn() -> Run) -> Self {
        Self { name, bytes: None, prepare }
    }

    const fn of_bytes(name: &'static str, bytes: u64, prepare: fn() -> Run) -> Self {
        Self { name, bytes: Some(bytes), prepare }
    }
}

/// Returns every piece of work.
pub(crate) fn all() -> impl Iterator<Item = &'static Work> {
    let lists: [&[Work]; 7] = [
        &hashes::WORKS,
        &engines::WORKS,
        &curve::WORKS,
        &lattice::WORKS,
        &log::WORKS,
        &receipts::WORKS,
        &text::WORKS,
    ];
    lists.into_iter().flatten()
}

/// Does the same again and again.
pub(crate) fn again<T>(mut work: impl FnMut() -> T + 'static) -> Run {
    Box::new(move || {
        black_box(work());
    })
}

/// Does the work with each of `inputs` in turn.
fn in_turn<I: 'static, T>(inputs: Vec<I>, mut work: impl FnMut(&I) -> T + 'static) -> Run {
    let mut turn = (0..inputs.len()).cycle();
    again(move || {
        let at = turn.next().expect("there are inputs");
        work(black_box(&inputs[at]))
    })
}
