//! Inputs of the VRF: the node's own, derived from the receipt's index, and the clients'.

use alloc::vec::Vec;

use crate::keys::KeyHash;

/// Octets that a client's alpha may have; it has at least one.
pub const MAX_ALPHA_BYTES: usize = 1024;

/// The first bytes of every input that is the node's own. A client may not ask for one, for it
/// would learn other clients' future outputs.
pub const RESERVED_PREFIX: &[u8] = b"r4/";

/// The first bytes of the input of a draw. A node takes one from its gateway alone, which writes it
/// from an order: otherwise a client could choose what is to be the node's nonce.
pub const DRAW_PREFIX: &[u8] = b"r4-draw/";

const INDEX_PREFIX: &[u8] = b"r4/index/v1";

/// Returns the alpha of an index under a key epoch: `r4/index/v1` ‖ key hash ‖ index (64 bits,
/// big-endian).
pub fn index_alpha(key_hash: &KeyHash, index: u64) -> Vec<u8> {
    [INDEX_PREFIX, key_hash.as_bytes(), &index.to_be_bytes()].concat()
}

/// Says whether an alpha is reserved for the node.
pub fn is_reserved(alpha: &[u8]) -> bool {
    alpha.starts_with(RESERVED_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::{index_alpha, is_reserved};
    use crate::keys::KeyHash;

    #[test]
    fn layout() {
        let alpha = index_alpha(&KeyHash::new([7; 32]), 0x0102_0304_0506_0708);
        assert_eq!(alpha.len(), 51);
        assert_eq!(&alpha[..11], b"r4/index/v1");
        assert_eq!(alpha[11..43], [7; 32]);
        assert_eq!(alpha[43..], [1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(is_reserved(&alpha));
    }

    #[test]
    fn reserved() {
        assert!(is_reserved(b"r4/"));
        assert!(is_reserved(b"r4/anything"));
        for free in [&b""[..], b"r4", b"R4/", b"r5/", b" r4/"] {
            assert!(!is_reserved(free));
        }
    }
}
