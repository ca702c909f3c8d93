//! Lists of digests, as `sha256sum` writes them and nothing else.

use std::collections::BTreeMap;
use std::str;

use sha2::{Digest as _, Sha256};

/// Names and their SHA-256, in hexadecimal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sums(BTreeMap<String, String>);

impl Sums {
    /// Parses a list that must name exactly `names`.
    pub(super) fn parse(list: &[u8], names: &[&str]) -> Result<Self, String> {
        let sums = Self::parse_any(list)?;
        if sums.0.keys().map(String::as_str).eq(names.iter().copied()) {
            Ok(sums)
        } else {
            Err(format!("it must list {} and nothing else", names.join(", ")))
        }
    }

    /// Parses a list: lines in the order of their names, none twice.
    pub(super) fn parse_any(list: &[u8]) -> Result<Self, String> {
        let wrong = || "it is not a list of digests and names, in the order of names".to_owned();
        let text = str::from_utf8(list).map_err(|_| wrong())?;
        let pair = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            Some((name.to_owned(), digest.to_owned()))
        };
        let sums: Option<_> = text.lines().map(pair).collect();
        let sums = Self(sums.ok_or_else(wrong)?);
        // One text for one list: what a reader of the bytes sees is what was parsed.
        if sums.text() == text { Ok(sums) } else { Err(wrong()) }
    }

    fn text(&self) -> String {
        let lines = self.0.iter().map(|(name, digest)| format!("{digest}  {name}\n"));
        lines.collect::<Vec<_>>().concat()
    }

    /// Checks the bytes of `name`.
    pub(super) fn matches(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let listed = self.0.get(name).ok_or("the list of digests does not name it")?;
        let digest = hex::encode(Sha256::digest(bytes));
        if *listed == digest {
            return Ok(());
        }
        Err(format!("its SHA-256 is {digest}, and the list says {}", super::shown(listed)))
    }

    /// Returns names and digests in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, digest)| (name.as_str(), digest.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_one_list() {
        let empty = hex::encode(Sha256::digest(b""));
        let good = format!("{empty}  a\n{empty}  b\n");
        let sums = Sums::parse(good.as_bytes(), &["a", "b"]).unwrap();
        assert_eq!(sums.matches("a", b""), Ok(()));
        assert!(sums.matches("a", b"x").unwrap_err().contains(&empty));
        assert!(sums.matches("c", b"").is_err());
        for bad in [
            good.replace("b\n", "b"),
            good.replace("  b", " *b"),
            good.replace('a', "c"),
            format!("{good}{empty}  b\n"),
            good.replace('\n', "\r\n"),
            format!("\n{good}"),
        ] {
            assert!(Sums::parse(bad.as_bytes(), &["a", "b"]).is_err(), "{bad}");
        }
        assert!(Sums::parse(good.as_bytes(), &["a"]).is_err());
        assert!(Sums::parse(b"\xff", &[]).is_err());
    }
}
