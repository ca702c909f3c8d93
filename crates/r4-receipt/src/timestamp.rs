//! Times of receipts: whole seconds since 1970, written as RFC 3339 in UTC with a `Z`.

use core::fmt;

use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// A time between 1970 and the end of 9999. `Display` writes `2026-08-21T12:34:56Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(u64);

/// The time lies after the year 9999, which RFC 3339 cannot write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time lies after the year 9999")]
pub struct TimestampError;

/// 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;

const FORMAT: StaticFormatDescription =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

impl Timestamp {
    /// Makes a time of whole seconds since 1970.
    ///
    /// # Errors
    /// The time lies after the year 9999.
    pub const fn from_unix(seconds: u64) -> Result<Self, TimestampError> {
        if seconds > LAST { Err(TimestampError) } else { Ok(Self(seconds)) }
    }

    /// Returns the whole seconds since 1970.
    pub const fn unix(self) -> u64 {
        self.0
    }

    /// Reads the one accepted form, such as `2026-08-21T12:34:56Z`.
    pub fn parse(text: &str) -> Option<Self> {
        use alloc::string::ToString as _;
        let time = PrimitiveDateTime::parse(text, FORMAT).ok()?.assume_utc();
        let seconds = u64::try_from(time.unix_timestamp()).ok()?;
        let parsed = Self::from_unix(seconds).ok()?;
        (parsed.to_string() == text).then_some(parsed)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0).map_err(|_| fmt::Error)?;
        let time = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| fmt::Error)?;
        f.write_str(&time.format(FORMAT).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{LAST, Timestamp, TimestampError};
    use alloc::string::ToString as _;

    #[test]
    fn one_form() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_787_315_696, "2026-08-21T12:34:56Z"),
            (LAST, "9999-12-31T23:59:59Z"),
        ] {
            let time = Timestamp::from_unix(seconds).unwrap();
            assert_eq!(time.to_string(), text);
            assert_eq!(Timestamp::parse(text), Some(time));
        }
        assert_eq!(Timestamp::from_unix(LAST + 1), Err(TimestampError));
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "2026-08-21",
            "2026-08-21 12:34:56Z",
            "2026-08-21t12:34:56z",
            "2026-08-21T12:34:56",
            "2026-08-21T12:34:56+00:00",
            "2026-08-21T12:34:56.0Z",
            "2026-08-21T12:34:60Z",
            "2026-08-21T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-8-21T12:34:56Z",
            "1969-12-31T23:59:59Z",
            "+2026-08-21T12:34:56Z",
            "12026-08-21T12:34:56Z",
            " 2026-08-21T12:34:56Z",
            "2026-08-21T12:34:56Z ",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
