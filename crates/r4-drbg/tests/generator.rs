//! The generator against a plain re-computation of its formula, and what must never repeat.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it is surprised"
)]

use std::collections::HashSet;

use r4_drbg::{
    Engine, FRESH_BYTES, FillError, MAX_FILL_BYTES, MEMORY_BYTES, Seed, Seeded, Unseeded,
};
use sha2::{Digest, Sha256};

type Fresh = [u8; FRESH_BYTES];

fn seeded(memory: &mut [u8; MEMORY_BYTES], seed: [u8; Seed::BYTES]) -> Seeded<'_> {
    Unseeded::new(Engine::ChaCha20, memory).seed(&Seed::from_bytes(seed))
}

fn bytes(generator: &mut Seeded<'_>, fresh: Fresh, len: usize) -> Vec<u8> {
    let mut out = vec![0xEE; len];
    generator.fill(&fresh, &mut out).expect("within the limit");
    out
}

/// Test inputs that differ: hashes of a counter.
fn input<const N: usize>(n: u64) -> [u8; N] {
    let wide = [Sha256::digest(n.to_be_bytes()), Sha256::digest((!n).to_be_bytes())].concat();
    wide[..N].try_into().expect("N <= 64")
}

/// One block of RFC 8439 §2.3, word by word.
fn block(key: &[u8; 32], counter: u32) -> [u8; 64] {
    let word = |b: &[u8]| u32::from_le_bytes(b.try_into().expect("four bytes"));
    let mut start = [0_u32; 16];
    start[..4].copy_from_slice(&b"expand 32-byte k".chunks(4).map(word).collect::<Vec<_>>());
    start[4..12].copy_from_slice(&key.chunks(4).map(word).collect::<Vec<_>>());
    start[12] = counter;
    let mut s = start;
    let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
        for (x, y, z, bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
            s[x] = s[x].wrapping_add(s[y]);
            s[z] = (s[z] ^ s[x]).rotate_left(bits);
        }
    };
    for _ in 0..10 {
        (0..4).for_each(|i| quarter(i, i + 4, i + 8, i + 12));
        (0..4).for_each(|i| quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4));
    }
    let mut out = [0; 64];
    for ((chunk, a), b) in out.chunks_mut(4).zip(s).zip(start) {
        chunk.copy_from_slice(&a.wrapping_add(b).to_le_bytes());
    }
    out
}

/// One fill by the formula: the next carry and the output.
fn expected(carry: [u8; 32], fresh: Fresh, len: usize) -> ([u8; 32], Vec<u8>) {
    let input = [b"r4/drbg/chacha20/v1".as_slice(), &carry, &fresh].concat();
    let key: [u8; 32] = Sha256::digest(input).into();
    let blocks = (32 + len).div_ceil(64);
    let stream: Vec<u8> = (0..).take(blocks).flat_map(|i| block(&key, i)).collect();
    (stream[..32].try_into().expect("32 bytes"), stream[32..32 + len].to_vec())
}

#[test]
fn output_equals_the_formula_at_every_length_in_sequence() {
    let seed: [u8; 48] = input(1);
    let mut memory = [0; MEMORY_BYTES];
    let mut generator = seeded(&mut memory, seed);
    let mut carry: [u8; 32] = seed[..32].try_into().expect("32 of 48");
    for (round, len) in (0..200).chain([255, 256, 257, 511, 1000, 4096, 61_440, 0]).enumerate() {
        let fresh = input(1000 + round as u64);
        let (next, want) = expected(carry, fresh, len);
        assert_eq!(bytes(&mut generator, fresh, len), want, "length {len}");
        carry = next;
    }
}

#[test]
fn no_block_repeats_across_fills_even_when_the_fresh_bytes_do() {
    let mut memory = [0; MEMORY_BYTES];
    let mut generator = seeded(&mut memory, input(2));
    let mut seen = HashSet::new();
    for _ in 0..200 {
        for chunk in bytes(&mut generator, [0; 32], 4096).chunks(16) {
            assert!(seen.insert(chunk.to_vec()), "a 16-byte block came twice");
        }
    }
}

#[test]
fn fresh_bytes_change_the_very_next_output_and_every_later_one() {
    let run = |second: Fresh| {
        let mut memory = [0; MEMORY_BYTES];
        let mut generator = seeded(&mut memory, input(3));
        [input(4), second, input(6)].map(|fresh| bytes(&mut generator, fresh, 64))
    };
    let (one, same, other) = (run(input(5)), run(input(5)), run(input(50)));
    assert_eq!(one, same, "the generator is deterministic");
    assert_eq!(one[0], other[0]);
    assert_ne!(one[1], other[1]);
    assert_ne!(one[2], other[2]);
}

#[test]
fn every_seed_bit_the_engine_takes_matters() {
    let first = |seed| bytes(&mut seeded(&mut [0; MEMORY_BYTES], seed), [0; 32], 32);
    let mut outputs = HashSet::from([first([0; 48])]);
    for bit in 0..256 {
        let mut seed = [0_u8; 48];
        seed[bit / 8] = 1 << (bit % 8);
        assert!(outputs.insert(first(seed)), "bit {bit} of the seed is ignored");
    }
}

#[test]
fn memory_is_wiped_at_the_start_during_use_and_at_the_end() {
    let mut memory = [0xEE; MEMORY_BYTES];
    let _unseeded = Unseeded::new(Engine::ChaCha20, &mut memory);
    assert_eq!(memory, [0; MEMORY_BYTES], "old contents stay when unseeded");

    let mut generator = seeded(&mut memory, input(7));
    bytes(&mut generator, input(8), 100);
    std::mem::forget(generator);
    assert_ne!(memory[..32], [0; 32], "the carry is kept");
    assert_ne!(memory[..32], input::<48>(7)[..32], "the seed is gone");
    assert_eq!(memory[32..], [0; 32], "the key is gone");

    drop(seeded(&mut memory, input(9)));
    assert_eq!(memory, [0; MEMORY_BYTES]);
}

#[test]
fn the_carry_is_never_served() {
    let mut memory = [0; MEMORY_BYTES];
    let mut generator = seeded(&mut memory, input(10));
    let out = bytes(&mut generator, input(11), 8192);
    std::mem::forget(generator);
    assert!(out.windows(32).all(|window| window != &memory[..32]));
}

#[test]
fn too_long_a_fill_is_refused_and_changes_nothing() {
    let mut memory = [0; MEMORY_BYTES];
    let mut generator = seeded(&mut memory, input(12));
    let mut long = vec![0xEE; MAX_FILL_BYTES + 1];
    let refused = generator.fill(&[0; 32], &mut long);
    assert_eq!(refused, Err(FillError::TooLong { asked: MAX_FILL_BYTES + 1 }));
    assert!(long.iter().all(|&byte| byte == 0xEE));
    let seed: [u8; 48] = input(12);
    let carry = seed[..32].try_into().expect("32 of 48");
    let (_, want) = expected(carry, [0; 32], MAX_FILL_BYTES);
    assert_eq!(bytes(&mut generator, [0; 32], MAX_FILL_BYTES), want);
}

#[test]
fn engine_has_a_stable_name_and_debug_shows_no_state() {
    let mut memory = [0; MEMORY_BYTES];
    let generator = seeded(&mut memory, input(13));
    assert_eq!(generator.engine().name(), "chacha20");
    assert_eq!(format!("{generator:?}"), "Seeded { engine: ChaCha20, .. }");
}
