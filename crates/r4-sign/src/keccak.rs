//! Keccak-256 as Ethereum uses it: the sponge of FIPS 202 with the padding of before the standard.

use sha3::{Digest as _, Keccak256};

/// Returns the Keccak-256 hash of `bytes`.
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::keccak256;

    #[test]
    fn known_answers() {
        assert_eq!(
            hex::encode(keccak256(b"")),
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        );
        // The selector of ERC-20's transfer, which every wallet computes.
        assert_eq!(hex::encode(&keccak256(b"transfer(address,uint256)")[..4]), "a9059cbb");
    }
}
