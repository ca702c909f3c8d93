//! The generator against a plain re-computation of its formulas, and what must never repeat.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it is surprised"
)]

use std::collections::HashSet;

use aes::Aes256Enc;
use cipher::{BlockCipherEncrypt, KeyInit};
use r4_drbg::{
    Engine, FRESH_BYTES, FillError, MEMORY_BYTES, RESEED_AFTER_FILLS, Seed, Seeded, Unseeded,
};
use sha2::{Digest, Sha256};

type Fresh = [u8; FRESH_BYTES];

fn seeded(
    engine: Engine,
    memory: &mut [u8; MEMORY_BYTES],
    mut seed: [u8; Seed::BYTES],
) -> Seeded<'_> {
    Unseeded::new(engine, memory).seed(&Seed::new(&mut seed))
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

/// What the engine's formula gives: the state after a step, and the output of a fill.
trait Formula {
    fn of(seed: [u8; 48]) -> Self;
    fn reseed(&mut self, seed: [u8; 48]);
    fn fill(&mut self, fresh: Fresh, len: usize) -> Vec<u8>;
}

/// The carry of `chacha20`.
struct ChaCha20([u8; 32]);

impl Formula for ChaCha20 {
    fn of(seed: [u8; 48]) -> Self {
        Self(seed[..32].try_into().expect("32 of 48"))
    }

    fn reseed(&mut self, seed: [u8; 48]) {
        let input = [&b"r4/drbg/chacha20/reseed/v1"[..], &self.0, &seed[..32]].concat();
        self.0 = Sha256::digest(input).into();
    }

    fn fill(&mut self, fresh: Fresh, len: usize) -> Vec<u8> {
        let input = [&b"r4/drbg/chacha20/v1"[..], &self.0, &fresh[..32]].concat();
        let key: [u8; 32] = Sha256::digest(input).into();
        let blocks = (32 + len).div_ceil(64);
        let stream: Vec<u8> = (0..).take(blocks).flat_map(|i| block(&key, i)).collect();
        self.0 = stream[..32].try_into().expect("32 bytes");
        stream[32..32 + len].to_vec()
    }
}

/// Key and V of SP 800-90A §10.2.1, step by step and a block at a time.
struct CtrDrbg {
    key: [u8; 32],
    v: u128,
}

impl CtrDrbg {
    fn next_block(&mut self) -> [u8; 16] {
        self.v = self.v.wrapping_add(1);
        let mut block = self.v.to_be_bytes().into();
        Aes256Enc::new(&self.key.into()).encrypt_block(&mut block);
        block.into()
    }

    fn update(&mut self, provided: [u8; 48]) {
        let temp = [(); 3].map(|()| self.next_block()).concat();
        let temp: Vec<u8> = temp.iter().zip(provided).map(|(a, b)| a ^ b).collect();
        self.key = temp[..32].try_into().expect("32 of 48");
        self.v = u128::from_be_bytes(temp[32..].try_into().expect("16 of 48"));
    }
}

impl Formula for CtrDrbg {
    fn of(seed: [u8; 48]) -> Self {
        let mut state = Self { key: [0; 32], v: 0 };
        state.update(seed);
        state
    }

    fn reseed(&mut self, seed: [u8; 48]) {
        self.update(seed);
    }

    fn fill(&mut self, fresh: Fresh, len: usize) -> Vec<u8> {
        self.update(fresh);
        let blocks = (0..len.div_ceil(16)).flat_map(|_| self.next_block());
        let mut out: Vec<u8> = blocks.collect();
        out.truncate(len);
        self.update(fresh);
        out
    }
}

fn follows<F: Formula>(engine: Engine) {
    let mut memory = [0; MEMORY_BYTES];
    let mut generator = seeded(engine, &mut memory, input(1));
    let mut formula = F::of(input(1));
    let lengths = (0..200).chain([255, 256, 257, 511, 1000, 4096, 61_440, 65_536, 0]);
    for (round, len) in lengths.enumerate() {
        let round = round as u64;
        if round % 10 == 9 {
            generator.reseed(&Seed::new(&mut input(2000 + round)));
            formula.reseed(input(2000 + round));
        }
        let fresh = input(1000 + round);
        assert_eq!(bytes(&mut generator, fresh, len), formula.fill(fresh, len), "length {len}");
    }
}

#[test]
fn output_equals_the_formula_at_every_length_in_sequence() {
    follows::<ChaCha20>(Engine::ChaCha20);
    follows::<CtrDrbg>(Engine::CtrAes256);
}

#[test]
fn nothing_repeats_across_fills_even_when_the_fresh_bytes_do() {
    for engine in Engine::ALL {
        let mut memory = [0; MEMORY_BYTES];
        let mut generator = seeded(engine, &mut memory, input(2));
        let mut seen = HashSet::new();
        for _ in 0..200 {
            for chunk in bytes(&mut generator, [0; 48], 4096).chunks(16) {
                assert!(seen.insert(chunk.to_vec()), "a 16-byte block came twice");
            }
        }
    }
}

#[test]
fn what_comes_in_changes_the_very_next_output_and_every_later_one() {
    let run = |engine, second: Fresh, reseed: [u8; 48]| {
        let mut memory = [0; MEMORY_BYTES];
        let mut generator = seeded(engine, &mut memory, input(3));
        [(input(4), input(9)), (second, reseed), (input(6), input(9))].map(|(fresh, mut seed)| {
            generator.reseed(&Seed::new(&mut seed));
            bytes(&mut generator, fresh, 64)
        })
    };
    for engine in Engine::ALL {
        let one = run(engine, input(5), input(7));
        assert_eq!(one, run(engine, input(5), input(7)), "the generator is deterministic");
        for other in [run(engine, input(50), input(7)), run(engine, input(5), input(70))] {
            assert_eq!(one[0], other[0]);
            assert_ne!(one[1], other[1]);
            assert_ne!(one[2], other[2]);
        }
    }
}

#[test]
fn every_bit_that_the_engine_takes_matters() {
    for (engine, bits) in [(Engine::ChaCha20, 256), (Engine::CtrAes256, 384)] {
        let first = |seed, mut reseed, fresh| {
            let mut memory = [0; MEMORY_BYTES];
            let mut generator = seeded(engine, &mut memory, seed);
            generator.reseed(&Seed::new(&mut reseed));
            bytes(&mut generator, fresh, 32)
        };
        let zero = [0; 48];
        let mut outputs = HashSet::from([first(zero, zero, zero)]);
        for bit in 0..bits {
            let mut one = [0_u8; 48];
            one[bit / 8] = 1 << (bit % 8);
            assert!(outputs.insert(first(one, zero, zero)), "bit {bit} of the seed is ignored");
            assert!(outputs.insert(first(zero, one, zero)), "bit {bit} of the reseed is ignored");
            assert!(outputs.insert(first(zero, zero, one)), "fresh bit {bit} is ignored");
        }
    }
}

#[test]
fn memory_is_wiped_at_the_start_during_use_and_at_the_end() {
    for engine in Engine::ALL {
        let mut memory = [0xEE; MEMORY_BYTES];
        let _unseeded = Unseeded::new(engine, &mut memory);
        assert_eq!(memory, [0; MEMORY_BYTES], "old contents stay when unseeded");

        let mut generator = seeded(engine, &mut memory, input(7));
        bytes(&mut generator, input(8), 100);
        std::mem::forget(generator);
        assert_ne!(memory[..32], [0; 32], "the state is kept");
        assert_ne!(memory[..32], input::<48>(7)[..32], "the seed is gone");
        if engine == Engine::ChaCha20 {
            assert_eq!(memory[32..], [0; 32], "the key is gone");
        }

        drop(seeded(engine, &mut memory, input(9)));
        assert_eq!(memory, [0; MEMORY_BYTES]);
    }
}

#[test]
fn the_state_is_never_served() {
    for engine in Engine::ALL {
        let mut memory = [0; MEMORY_BYTES];
        let mut generator = seeded(engine, &mut memory, input(10));
        let out = bytes(&mut generator, input(11), 8192);
        std::mem::forget(generator);
        assert!(out.windows(16).all(|window| window != &memory[..16] && window != &memory[16..32]));
    }
}

#[test]
fn too_long_a_fill_is_refused_and_changes_nothing() {
    for engine in Engine::ALL {
        let [mut one, mut other] = [[0; MEMORY_BYTES]; 2];
        let mut generator = seeded(engine, &mut one, input(12));
        let most = engine.max_fill_bytes();
        let mut long = vec![0xEE; most + 1];
        let refused = generator.fill(&[0; 48], &mut long);
        assert_eq!(refused, Err(FillError::TooLong { asked: most + 1, most }));
        assert!(long.iter().all(|&byte| byte == 0xEE));
        let mut untouched = seeded(engine, &mut other, input(12));
        let want = bytes(&mut untouched, [0; 48], most);
        assert_eq!(bytes(&mut generator, [0; 48], most), want);
    }
}

#[test]
fn the_reseed_interval_is_enforced() {
    for engine in Engine::ALL {
        let mut memory = [0; MEMORY_BYTES];
        let mut generator = seeded(engine, &mut memory, input(14));
        for _ in 0..RESEED_AFTER_FILLS {
            generator.fill(&[0; 48], &mut []).expect("within the interval");
        }
        let mut out = [0xEE; 32];
        assert_eq!(generator.fill(&[0; 48], &mut out), Err(FillError::ReseedDue));
        assert_eq!(out, [0xEE; 32]);
        assert!(generator.is_reseed_due());
        generator.reseed(&Seed::new(&mut input(15)));
        assert_eq!(generator.fill(&[0; 48], &mut out), Ok(()));
    }
}

#[test]
fn engines_have_stable_names_and_debug_shows_no_state() {
    assert_eq!(Engine::ALL.map(Engine::name), ["chacha20", "ctr-aes256"]);
    assert_eq!(Engine::ALL.map(|engine| Engine::named(engine.name())), Engine::ALL.map(Some));
    assert_eq!(Engine::named("aes"), None);
    let mut memory = [0; MEMORY_BYTES];
    let generator = seeded(Engine::CtrAes256, &mut memory, input(13));
    assert_eq!(generator.engine(), Engine::CtrAes256);
    assert_eq!(format!("{generator:?}"), "Seeded { engine: CtrAes256, .. }");
}
