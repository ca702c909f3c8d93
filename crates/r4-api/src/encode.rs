//! The text forms of random bytes, piece by piece, so that a large answer needs little memory.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Random bytes of one piece: a multiple of 3 (base64) and of 4 (words).
pub const PIECE_BYTES: usize = 48 * 1024;

/// Form of an answer, the value of `fmt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The bytes themselves.
    Raw,
    /// Lowercase hex.
    Hex,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
    /// `{"hex","n","source"}`.
    Json,
    /// JSON array of unsigned 32-bit words, each from four bytes, least significant first.
    U32,
}

impl Format {
    /// Every name of `fmt`, for messages.
    pub const NAMES: &'static str = "raw, hex, base64, json or u32";

    /// Parses the value of `fmt`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "raw" => Self::Raw,
            "hex" => Self::Hex,
            "base64" => Self::Base64,
            "json" => Self::Json,
            "u32" => Self::U32,
            _ => return None,
        })
    }

    /// Returns the value of `fmt`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Json => "json",
            Self::U32 => "u32",
        }
    }

    /// Returns the media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Raw => "application/octet-stream",
            Self::Hex | Self::Base64 => "text/plain; charset=utf-8",
            Self::Json | Self::U32 => "application/json",
        }
    }

    /// Returns how many random bytes `n` stands for: words of four bytes for `u32`.
    pub fn random_bytes(self, n: u32) -> usize {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        if self == Self::U32 { n.saturating_mul(4) } else { n }
    }

    /// Returns the length of the answer in bytes, where it is known beforehand (all but `u32`).
    pub fn content_length(self, n: u32, source: &str) -> Option<u64> {
        let n64 = u64::from(n);
        let frame = self.head().len().saturating_add(self.tail(n, source).len()) as u64;
        match self {
            Self::Raw => Some(n64),
            Self::Hex => n64.checked_mul(2),
            Self::Base64 => n64.div_ceil(3).checked_mul(4),
            Self::Json => n64.checked_mul(2)?.checked_add(frame),
            Self::U32 => None,
        }
    }

    /// Returns what stands before the first piece.
    pub fn head(self) -> &'static str {
        match self {
            Self::Json => "{\"hex\":\"",
            Self::U32 => "[",
            _ => "",
        }
    }

    /// Returns what stands after the last piece.
    pub fn tail(self, n: u32, source: &str) -> String {
        match self {
            Self::Json => format!("\",\"n\":{n},\"source\":\"{source}\"}}"),
            Self::U32 => "]".to_owned(),
            _ => String::new(),
        }
    }

    /// Returns a whole answer: the text of all `bytes`.
    pub fn whole(self, bytes: &[u8], n: u32, source: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len().saturating_mul(3));
        out.extend_from_slice(self.head().as_bytes());
        self.piece(bytes, true, &mut out);
        out.extend_from_slice(self.tail(n, source).as_bytes());
        out
    }

    /// Appends the text of one piece; `first` tells whether it opens the answer.
    pub fn piece(self, bytes: &[u8], first: bool, out: &mut Vec<u8>) {
        match self {
            Self::Raw => out.extend_from_slice(bytes),
            Self::Hex | Self::Json => hex_digits(bytes, out),
            Self::Base64 => out.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
            Self::U32 => words(bytes, first, out),
        }
    }
}

fn hex_digits(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start.saturating_add(bytes.len().saturating_mul(2)), 0);
    // There is room for all of them.
    let _ = const_hex::encode_to_slice(bytes, out.get_mut(start..).unwrap_or_default());
}

fn words(bytes: &[u8], mut first: bool, out: &mut Vec<u8>) {
    for word in bytes.as_chunks::<4>().0 {
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(u32::from_le_bytes(*word).to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(format: Format, bytes: &[u8], piece: usize, n: u32) -> Vec<u8> {
        let mut out = format.head().as_bytes().to_vec();
        for (i, part) in bytes.chunks(piece).enumerate() {
            format.piece(part, i == 0, &mut out);
        }
        out.extend_from_slice(format.tail(n, "sealed").as_bytes());
        out
    }

    #[test]
    fn pieces_make_the_same_text_as_one_and_the_stated_length() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1200).collect();
        for format in [Format::Raw, Format::Hex, Format::Base64, Format::Json, Format::U32] {
            let n = if format == Format::U32 { 300 } else { 1200 };
            let one = whole(format, &bytes, 1200, n);
            assert_eq!(one, whole(format, &bytes, 12, n), "{format:?}");
            assert_eq!(one, format.whole(&bytes, n, "sealed"), "{format:?}");
            if let Some(length) = format.content_length(n, "sealed") {
                assert_eq!(length, one.len() as u64, "{format:?}");
            }
        }
    }

    #[test]
    fn words_are_little_endian_json() {
        let text = whole(Format::U32, &[1, 0, 0, 0, 0, 1, 0, 0], 8, 2);
        assert_eq!(text, b"[1,256]");
        let json: serde_json::Value =
            serde_json::from_slice(&whole(Format::Json, &[0xab], 1, 1)).unwrap();
        assert_eq!(json, serde_json::json!({"hex": "ab", "n": 1, "source": "sealed"}));
    }
}
