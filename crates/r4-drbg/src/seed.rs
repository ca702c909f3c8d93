//! What a generator starts from.

use zeroize::{Zeroize, Zeroizing};

/// 384 secret bits; an engine takes as many as it is strong: `chacha20` the first 256.
///
/// Wiped when dropped, never copied out, never printed.
pub struct Seed(Zeroizing<[u8; Seed::BYTES]>);

impl Seed {
    /// Length in bytes: the seed length of the largest engine (SP 800-90A Table 3, AES-256).
    pub const BYTES: usize = 48;

    /// Takes `bytes`, which must come from samples with at least 448 assessed bits of entropy.
    ///
    /// The argument itself is a copy on the stack: it is wiped before this returns.
    pub fn from_bytes(mut bytes: [u8; Self::BYTES]) -> Self {
        let mut seed = Self(Zeroizing::new([0; Self::BYTES]));
        seed.0.copy_from_slice(&bytes);
        bytes.zeroize();
        seed
    }

    /// Returns all 48 bytes.
    pub(crate) fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Returns the first 32 bytes, the seed of a 256-bit engine.
    pub(crate) fn first_256_bits(&self) -> &[u8; 32] {
        let Some(first) = self.0.first_chunk() else { unreachable!("32 <= Seed::BYTES") };
        first
    }
}

impl core::fmt::Debug for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed(..)")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn debug_shows_no_bytes() {
        assert_eq!(std::format!("{:?}", Seed::from_bytes([0xAB; 48])), "Seed(..)");
    }
}
