//! The engines of the sealed core, which wipe what they leave on the stack after each fill.

use r4_drbg::{Engine, FRESH_BYTES, MEMORY_BYTES, Seed, Unseeded};

use super::{Run, Work, again};

pub(super) const WORKS: [Work; 6] = [
    Work::of_bytes("chacha20/32", 32, || fill(Engine::ChaCha20, 32)),
    Work::of_bytes("chacha20/4096", 4096, || fill(Engine::ChaCha20, 4096)),
    Work::of_bytes("chacha20/65536", 65536, || fill(Engine::ChaCha20, 65536)),
    Work::of_bytes("ctr_aes256/32", 32, || fill(Engine::CtrAes256, 32)),
    Work::of_bytes("ctr_aes256/4096", 4096, || fill(Engine::CtrAes256, 4096)),
    Work::of_bytes("ctr_aes256/65536", 65536, || fill(Engine::CtrAes256, 65536)),
];

fn fill(engine: Engine, bytes: usize) -> Run {
    // The generator borrows its memory for as long as it lives, which is to the end of the program.
    let memory = Box::leak(Box::new([0; MEMORY_BYTES]));
    let seed = |byte| [byte; Seed::BYTES];
    let mut generator = Unseeded::new(engine, memory).seed(&Seed::new(&mut seed(1)));
    let mut out = vec![0; bytes];
    again(move || {
        if generator.is_reseed_due() {
            generator.reseed(&Seed::new(&mut seed(2)));
        }
        generator.fill(&[3; FRESH_BYTES], &mut out).expect("within the limits");
    })
}
