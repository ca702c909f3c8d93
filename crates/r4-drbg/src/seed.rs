//! What a generator starts from.

use zeroize::Zeroize;

/// 384 secret bits in the caller's memory; an engine takes as many as it is strong: `chacha20` the
/// first 256.
///
/// The memory is wiped when this is dropped. It stays where it is: moving a seed moves no secret.
pub struct Seed<'m>(&'m mut [u8; Seed::BYTES]);

impl<'m> Seed<'m> {
    /// Length in bytes: the seed length of the largest engine (SP 800-90A Table 3, AES-256).
    pub const BYTES: usize = 48;

    /// Takes the bytes at `place`, which must come from samples with at least 448 assessed bits of
    /// entropy.
    pub fn new(place: &'m mut [u8; Seed::BYTES]) -> Self {
        Self(place)
    }

    /// Returns all 48 bytes.
    pub(crate) fn bytes(&self) -> &[u8; Seed::BYTES] {
        self.0
    }

    /// Returns the first 32 bytes, the seed of a 256-bit engine.
    pub(crate) fn first_256_bits(&self) -> &[u8; 32] {
        let Some(first) = self.0.first_chunk() else { unreachable!("32 <= Seed::BYTES") };
        first
    }
}

impl Drop for Seed<'_> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl core::fmt::Debug for Seed<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed(..)")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn debug_shows_no_bytes_and_the_place_is_wiped() {
        let mut place = [0xAB; 48];
        assert_eq!(std::format!("{:?}", Seed::new(&mut place)), "Seed(..)");
        assert_eq!(place, [0; 48]);
    }
}
