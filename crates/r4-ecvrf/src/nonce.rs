//! `ECVRF_nonce_generation_RFC6979` (RFC 9381 §5.4.2.1): the nonce of RFC 6979 §3.2 with SHA-256 for
//! the message `h_string`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use k256::elliptic_curve::PrimeField as _;
use k256::elliptic_curve::ops::Reduce as _;
use k256::{FieldBytes, Scalar};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

/// Derives k from the secret scalar x and the encoded point H. Never zero.
pub(crate) fn nonce(x: &Scalar, h_string: &[u8]) -> Zeroizing<Scalar> {
    let h1: [u8; 32] = Sha256::digest(h_string).into();
    // int2octets(x) and bits2octets(h1), §2.3.3 and §2.3.4 of RFC 6979
    let x = Zeroizing::new(<[u8; 32]>::from(x.to_bytes()));
    let h1: [u8; 32] = Scalar::reduce(&FieldBytes::from(h1)).to_bytes().into();

    let mut generator = Generator { k: [0; 32], v: [1; 32] };
    generator.update(0, &[&x[..], &h1]);
    generator.update(1, &[&x[..], &h1]);
    loop {
        generator.v = mac(&generator.k, &[&generator.v]);
        // A candidate out of range has a chance of 2⁻¹²⁷; that there was one is not secret.
        let candidate = Zeroizing::new(
            Scalar::from_repr(generator.v.into()).into_option().unwrap_or(Scalar::ZERO),
        );
        if !bool::from(candidate.is_zero()) {
            return candidate;
        }
        generator.update(0, &[]);
    }
}

/// The state of `HMAC_DRBG` as RFC 6979 §3.2 steps b to h have it. Wiped when dropped.
struct Generator {
    k: [u8; 32],
    v: [u8; 32],
}

impl Generator {
    /// K = HMAC(K, V ‖ octet ‖ input), V = HMAC(K, V): steps d to g, and the end of h.3.
    fn update(&mut self, octet: u8, input: &[&[u8]]) {
        let mut hmac = keyed(&self.k);
        hmac.update(&self.v);
        hmac.update(&[octet]);
        for part in input {
            hmac.update(part);
        }
        self.k = hmac.finalize().into_bytes().into();
        self.v = mac(&self.k, &[&self.v]);
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.k.zeroize();
        self.v.zeroize();
    }
}

fn mac(key: &[u8; 32], input: &[&[u8]]) -> [u8; 32] {
    let mut hmac = keyed(key);
    for part in input {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104 §3)")]
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}
