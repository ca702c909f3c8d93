//! Which signatures a receipt carries. The number is part of the signed digest, so that none can be
//! stripped or added.

/// The set of signatures of a receipt; the value is `schemes` of the signed structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Schemes {
    /// ECDSA on secp256k1 alone.
    Ecdsa = 1,
    /// ML-DSA-65 alone.
    Mldsa = 2,
    /// Both.
    Dual = 3,
}

/// A text names no scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sig must be ecdsa, dilithium (also mldsa65 or ml-dsa-65) or dual")]
pub struct UnknownSchemes;

impl Schemes {
    /// Every set, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Ecdsa, Self::Mldsa, Self::Dual];

    /// Reads the value of the request parameter `sig`.
    ///
    /// # Errors
    /// The text is none of `ecdsa`, `dilithium`, `mldsa65`, `ml-dsa-65` and `dual`.
    pub fn parse_sig(text: &str) -> Result<Self, UnknownSchemes> {
        match text {
            "ecdsa" => Ok(Self::Ecdsa),
            "dilithium" | "mldsa65" | "ml-dsa-65" => Ok(Self::Mldsa),
            "dual" => Ok(Self::Dual),
            _ => Err(UnknownSchemes),
        }
    }

    /// Returns the number that is signed: 1, 2 or 3.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the JSON field `signature_type`.
    pub const fn signature_type(self) -> &'static str {
        match self {
            Self::Ecdsa => "ECDSA(secp256k1)",
            Self::Mldsa => "ML-DSA-65",
            Self::Dual => "ECDSA(secp256k1) + ML-DSA-65",
        }
    }

    /// Reads the JSON field `signature_type`.
    pub fn from_signature_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|schemes| schemes.signature_type() == text)
    }

    /// Says whether an ECDSA signature is among them.
    pub const fn has_ecdsa(self) -> bool {
        matches!(self, Self::Ecdsa | Self::Dual)
    }

    /// Says whether an ML-DSA-65 signature is among them.
    pub const fn has_mldsa(self) -> bool {
        matches!(self, Self::Mldsa | Self::Dual)
    }
}

#[cfg(test)]
mod tests {
    use super::{Schemes, UnknownSchemes};

    #[test]
    fn names_and_numbers() {
        for (text, want) in [
            ("ecdsa", Schemes::Ecdsa),
            ("dilithium", Schemes::Mldsa),
            ("mldsa65", Schemes::Mldsa),
            ("ml-dsa-65", Schemes::Mldsa),
            ("dual", Schemes::Dual),
        ] {
            assert_eq!(Schemes::parse_sig(text), Ok(want));
        }
        for text in ["", "ECDSA", "both", "dual ", "ml-dsa-44"] {
            assert_eq!(Schemes::parse_sig(text), Err(UnknownSchemes));
        }
        assert_eq!(Schemes::ALL.map(Schemes::number), [1, 2, 3]);
        for schemes in Schemes::ALL {
            assert_eq!(Schemes::from_signature_type(schemes.signature_type()), Some(schemes));
            let bits = u8::from(schemes.has_ecdsa()) | u8::from(schemes.has_mldsa()) << 1;
            assert_eq!(bits, schemes.number());
        }
        assert_eq!(Schemes::from_signature_type("ML-DSA-44"), None);
    }
}
