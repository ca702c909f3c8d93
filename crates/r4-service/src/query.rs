//! Query strings, strictly: unknown and repeated parameters are refused, not ignored.

use std::borrow::Cow;
use std::str::FromStr;

use crate::{Problem, kind};

/// The parameters of one request, each known and given at most once.
#[derive(Debug, Default)]
pub struct Query<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Query<'a> {
    /// Parses `query` (without `?`), in which only `known` names may stand.
    ///
    /// # Errors
    /// A 400 `unknown-parameter`, `repeated-parameter` or `malformed-query`.
    pub fn parse(query: Option<&'a str>, known: &[&str]) -> Result<Self, Problem> {
        let query = query.unwrap_or_default();
        if has_broken_escape(query.as_bytes()) {
            let detail = "the query has a % that two hex digits do not follow";
            return Err(Problem::new(kind::MALFORMED_QUERY, detail));
        }
        let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                return Err(unknown(&name, known));
            }
            if pairs.iter().any(|(n, _)| *n == name) {
                let detail = format!("parameter {name} is given more than once");
                return Err(Problem::new(kind::REPEATED_PARAMETER, detail));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// Returns the value of `name`, if given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_ref())
    }

    /// Returns the whole number `name` within `range`, if given.
    ///
    /// Digits alone: no sign, no space, no exponent.
    ///
    /// # Errors
    /// A 400 `invalid-parameter` that states the range.
    pub fn number<T>(&self, name: &str, low: T, high: T) -> Result<Option<T>, Problem>
    where
        T: FromStr + PartialOrd + std::fmt::Display + Copy,
    {
        let Some(text) = self.text(name) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<T>() {
            Ok(value) if digits && value >= low && value <= high => Ok(Some(value)),
            _ => {
                let detail = format!("{name} must be a whole number from {low} to {high}");
                Err(Problem::new(kind::INVALID_PARAMETER, detail))
            }
        }
    }
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(32).collect();
    let detail = if known.is_empty() {
        format!("unknown parameter {shown:?}: this path takes none")
    } else {
        format!("unknown parameter {shown:?}: this path takes {}", known.join(", "))
    };
    Problem::new(kind::UNKNOWN_PARAMETER, detail)
}

fn has_broken_escape(query: &[u8]) -> bool {
    query.split(|b| *b == b'%').skip(1).any(|rest| match rest {
        [a, b, ..] => !(a.is_ascii_hexdigit() && b.is_ascii_hexdigit()),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(query: &str) -> &'static str {
        match Query::parse(Some(query), &["n", "fmt"]) {
            Err(problem) => problem.slug(),
            Ok(q) => q.number::<u32>("n", 1, 1_000_000).map_or_else(|p| p.slug(), |_| "ok"),
        }
    }

    #[test]
    fn good_and_bad_queries() {
        for good in ["", "n=1", "n=1000000&fmt=hex", "fmt=%68ex"] {
            assert_eq!(slug(good), "ok", "{good}");
        }
        assert_eq!(slug("n=1&n=1"), "repeated-parameter");
        assert_eq!(slug("n=1&%6e=1"), "repeated-parameter");
        assert_eq!(slug("m=1"), "unknown-parameter");
        assert_eq!(slug("n=%"), "malformed-query");
        for bad in
            ["n=", "n=0", "n=-1", "n=+1", "n=1e9", "n=1000001", "n=99999999999", "n=x", "n= 1"]
        {
            assert_eq!(slug(bad), "invalid-parameter", "{bad}");
        }
    }
}
