//! Random bytes as text, as r4-core writes them.

use r4_api::encode::Format;

use super::{Run, Work, in_turn};

pub(super) const WORKS: [Work; 2] = [
    Work::of_bytes("hex/32", 32, || hex(32)),
    Work::of_bytes("hex/1000000", 1_000_000, || hex(1_000_000)),
];

fn hex(bytes: usize) -> Run {
    let mut text = Vec::with_capacity(2 * bytes);
    in_turn(vec![vec![0xa5; bytes]], move |bytes| {
        text.clear();
        Format::Hex.piece(bytes, true, &mut text);
    })
}
