//! The engine `chacha20`: `ChaCha20` (RFC 8439) with fast key erasure.
//!
//! Between two fills the state is 32 bytes, the *carry*. A fill computes
//!
//! ```text
//! key          = SHA-256("r4/drbg/chacha20/v1" ‖ carry ‖ fresh)
//! carry' ‖ out = ChaCha20(key, nonce 0, counter 0)
//! ```
//!
//! and wipes `key`. The carry, the first 32 bytes of the stream, is never served. `fresh` is the
//! first 256 bits of the fresh bytes, as of the seed. A reseed computes
//!
//! ```text
//! carry' = SHA-256("r4/drbg/chacha20/reseed/v1" ‖ carry ‖ seed)
//! ```

use ::chacha20::ChaCha20;
use cipher::{KeyIvInit, StreamCipher};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::seed::Seed;

/// Carry, then the key while a fill is under way, so that both lie in the caller's memory.
pub(crate) const MEMORY_BYTES: usize = CARRY_BYTES + KEY_BYTES;
const CARRY_BYTES: usize = 32;
const KEY_BYTES: usize = 32;
/// Most bytes of one key.
pub(crate) const MAX_FILL_BYTES: usize = 1 << 20;
const LABEL: &[u8] = b"r4/drbg/chacha20/v1";
const RESEED_LABEL: &[u8] = b"r4/drbg/chacha20/reseed/v1";

/// Makes the seed the first carry.
pub(crate) fn seed(memory: &mut [u8; MEMORY_BYTES], seed: &Seed) {
    let (carry, _) = split(memory);
    carry.copy_from_slice(seed.first_256_bits());
}

/// Makes the hash of the carry and the seed the next carry.
pub(crate) fn reseed(memory: &mut [u8; MEMORY_BYTES], seed: &Seed) {
    let (carry, _) = split(memory);
    let mut hash = Sha256::new_with_prefix(RESEED_LABEL);
    hash.update(*carry);
    hash.update(seed.first_256_bits());
    hash.finalize_into(carry.into());
}

/// Overwrites `out`, and the carry with its successor.
pub(crate) fn fill(memory: &mut [u8; MEMORY_BYTES], fresh: &[u8; 32], out: &mut [u8]) {
    let (carry, key) = split(memory);
    let mut hash = Sha256::new_with_prefix(LABEL);
    hash.update(*carry);
    hash.update(fresh);
    hash.finalize_into((&mut *key).into());

    let mut stream = ChaCha20::new((&*key).into(), &[0; 12].into());
    stream.write_keystream(carry);
    stream.write_keystream(out);
    key.zeroize();
}

/// Splits the memory into carry and key.
fn split(memory: &mut [u8; MEMORY_BYTES]) -> (&mut [u8; CARRY_BYTES], &mut [u8; KEY_BYTES]) {
    let Some((carry, rest)) = memory.split_first_chunk_mut() else { unreachable!("32 <= 64") };
    let Some(key) = rest.first_chunk_mut() else { unreachable!("32 <= 64 - 32") };
    (carry, key)
}
