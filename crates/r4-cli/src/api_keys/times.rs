//! Spans and times as people write them.

use std::str::FromStr;

use r4_receipt::timestamp::Timestamp;

/// A span of time, such as `90d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span(u64);

impl Span {
    /// Returns its seconds.
    pub(super) const fn seconds(self) -> u64 {
        self.0
    }
}

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const REFUSED: &str = "a span is a whole number and s, m, h, d or w, such as 24h or 90d";
        let unit = text.chars().last().ok_or(REFUSED)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(REFUSED),
        };
        let count = text.strip_suffix(unit).unwrap_or_default();
        let digits = count.bytes().all(|byte| byte.is_ascii_digit());
        let count: u64 = count.parse().ok().filter(|_| digits).ok_or(REFUSED)?;
        count.checked_mul(seconds).map(Self).ok_or(REFUSED)
    }
}

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// So long from now.
    In(Span),
    /// At this time, Unix seconds.
    At(u64),
}

impl Expiry {
    /// Returns the end, Unix seconds.
    pub(super) const fn at(self, now: u64) -> u64 {
        match self {
            Self::In(span) => now.saturating_add(span.seconds()),
            Self::At(end) => end,
        }
    }
}

impl FromStr for Expiry {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const REFUSED: &str = "it is a span such as 90d, a day such as 2030-01-31, or a time of UTC \
                               such as 2030-01-31T12:00:00Z";
        if let Ok(span) = text.parse() {
            return Ok(Self::In(span));
        }
        let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
        Timestamp::parse(&whole).map(|time| Self::At(time.unix())).ok_or(REFUSED)
    }
}

/// Writes a time of Unix seconds for people.
pub(super) fn time(seconds: u64) -> String {
    Timestamp::from_unix(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Expiry, Span, time};

    #[test]
    fn spans() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("5m", 300),
            ("24h", 86_400),
            ("90d", 7_776_000),
            ("1w", 604_800),
        ] {
            assert_eq!(text.parse::<Span>().map(Span::seconds), Ok(seconds), "{text}");
        }
        for bad in ["", "s", "1", "+1d", "-1d", "1.5h", "1y", "1 d", "99999999999999999999d", "1é"]
        {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ends() {
        let at = |text: &str| text.parse::<Expiry>().map(|end| end.at(1000));
        assert_eq!(at("90d"), Ok(7_777_000));
        assert_eq!(at("2030-01-31"), Ok(1_896_048_000));
        assert_eq!(at("2030-01-31T12:00:00Z"), Ok(1_896_091_200));
        for bad in ["", "never", "2030-02-30", "2030-01-31 12:00", "2030-01-31T12:00:00+01:00"] {
            assert!(at(bad).is_err(), "{bad}");
        }
        assert_eq!(time(1_896_091_200), "2030-01-31T12:00:00Z");
    }
}
