//! ASCII armor of `OpenPGP` (RFC 9580 §6), in the one form that `gpg` writes.

use std::str;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Characters of base64 in a line.
const LINE: usize = 64;

/// Returns the bytes in an armor of `kind` (`SIGNATURE`, `PUBLIC KEY BLOCK`).
///
/// Exactly one text stands for the same bytes, its checksum included: no bit of a signature file
/// is without meaning.
pub(super) fn decode(text: &[u8], kind: &str) -> Result<Vec<u8>, String> {
    let wrong =
        || format!("it is not a PGP {} in ASCII armor, as gpg writes it", kind.to_lowercase());
    let text = str::from_utf8(text).map_err(|_| wrong())?;
    let body =
        text.split_once("\n\n").and_then(|(_, rest)| rest.rsplit_once("\n=")).map(|(body, _)| body);
    let digits: String = body.ok_or_else(wrong)?.split('\n').collect();
    let bytes = STANDARD.decode(digits).map_err(|_| wrong())?;
    if encode(&bytes, kind) == text { Ok(bytes) } else { Err(wrong()) }
}

fn encode(bytes: &[u8], kind: &str) -> String {
    let digits = STANDARD.encode(bytes);
    let lines = digits.as_bytes().chunks(LINE).map(String::from_utf8_lossy);
    let body = lines.collect::<Vec<_>>().join("\n");
    let checksum = STANDARD.encode(checksum(bytes));
    format!("-----BEGIN PGP {kind}-----\n\n{body}\n={checksum}\n-----END PGP {kind}-----\n")
}

/// The CRC-24 of the armor (RFC 9580 §6.1).
fn checksum(bytes: &[u8]) -> [u8; 3] {
    let mut register: u32 = 0x00b7_04ce;
    for byte in bytes {
        register ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            register <<= 1;
            if register & 0x0100_0000 != 0 {
                register ^= 0x0186_4cfb;
            }
        }
    }
    let [_, a, b, c] = register.to_be_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_seen() {
        assert_eq!(checksum(b"123456789"), [0x21, 0xcf, 0x02], "the check value of CRC-24/OPENPGP");
        let bytes: Vec<u8> = (0..100).collect();
        let text = encode(&bytes, "SIGNATURE").into_bytes();
        assert_eq!(decode(&text, "SIGNATURE"), Ok(bytes.clone()));
        assert!(decode(&text, "PUBLIC KEY BLOCK").is_err());
        for bit in 0..text.len() * 8 {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped, "SIGNATURE").is_err(), "bit {bit}");
        }
    }
}
