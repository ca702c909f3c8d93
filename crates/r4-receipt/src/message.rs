//! The bytes that ML-DSA-65 signs: the ASCII text `r4/receipt/v1`, a zero octet, the 32-byte digest; with an
//! empty context string, so that any FIPS 204 library can check them.

/// Octets of a message.
pub const MESSAGE_BYTES: usize = PREFIX.len() + 32;

const PREFIX: &[u8; 14] = b"r4/receipt/v1\0";

/// Returns the message for an EIP-712 digest.
pub fn mldsa_message(digest: &[u8; 32]) -> [u8; MESSAGE_BYTES] {
    let mut message = [0; MESSAGE_BYTES];
    for (to, from) in message.iter_mut().zip(PREFIX.iter().chain(digest)) {
        *to = *from;
    }
    message
}

#[cfg(test)]
mod tests {
    use super::mldsa_message;

    #[test]
    fn layout() {
        let message = mldsa_message(&[0xab; 32]);
        assert_eq!(message.len(), 46);
        assert_eq!(&message[..14], b"r4/receipt/v1\x00");
        assert_eq!(message[14..], [0xab; 32]);
    }
}
