//! Wipes the stack that a computation with secrets used.
//!
//! Ciphers and hashes wipe what they own, but not the copies that a move or a spilled register
//! leaves below the stack pointer; `tests/memory.rs` finds those.

/// More than an engine's deepest call uses.
const BYTES: usize = 16 << 10;

/// Does the work, and overwrites the stack below the caller's frame.
pub(crate) fn wiped_after<T>(work: impl FnOnce() -> T) -> T {
    let done = in_a_frame_of_its_own(work);
    wipe();
    done
}

#[inline(never)]
fn in_a_frame_of_its_own<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe() {
    // Behind a mutable reference the zeros cannot be a constant that lies elsewhere.
    core::hint::black_box(&mut [0_u8; BYTES]);
}
