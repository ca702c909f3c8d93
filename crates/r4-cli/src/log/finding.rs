//! What can be wrong with a log: a name, an exit code, and a sentence.

use crate::exit::{Error, Exit};

/// The names of `r4 log monitor`, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    /// Two signed trees of which neither is the beginning of the other.
    Fork,
    /// A signed tree that is smaller than one signed before.
    Rollback,
    /// An index without an entry, or an entry that is not served.
    Gap,
    /// Anything else that does not verify.
    Invalid,
    /// Other keys than the pinned ones, or a new key epoch.
    KeyChange,
    /// Too many indexes that were never answered.
    Missed,
    /// A checkpoint whose signature is too old.
    Stale,
    /// No answer.
    Unreachable,
}

impl Alarm {
    /// All alarms.
    pub(super) const ALL: [Self; 8] = [
        Self::Fork,
        Self::Rollback,
        Self::Gap,
        Self::Invalid,
        Self::KeyChange,
        Self::Missed,
        Self::Stale,
        Self::Unreachable,
    ];

    /// Returns the name that scripts see.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Rollback => "rollback",
            Self::Gap => "gap",
            Self::Missed => "missed",
            Self::KeyChange => "key-change",
            Self::Stale => "stale",
            Self::Unreachable => "unreachable",
            Self::Invalid => "invalid",
        }
    }

    /// Returns the exit code of `r4 log monitor`.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Fork => 10,
            Self::Rollback => 11,
            Self::Gap => 12,
            Self::Missed => 13,
            Self::KeyChange => 14,
            Self::Stale => 15,
            Self::Unreachable => 16,
            Self::Invalid => 17,
        }
    }
}

impl From<Alarm> for Exit {
    fn from(alarm: Alarm) -> Self {
        Self::Alarm(alarm.code())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {reason}", alarm.name())]
pub(crate) struct Finding {
    /// What it is called.
    pub(super) alarm: Alarm,
    /// A sentence about it.
    pub(super) reason: String,
}

impl Finding {
    /// Names what is wrong.
    pub(super) fn new(alarm: Alarm, reason: impl std::fmt::Display) -> Self {
        Self { alarm, reason: reason.to_string() }
    }

    /// Something that does not verify.
    pub(super) fn invalid(reason: impl std::fmt::Display) -> Self {
        Self::new(Alarm::Invalid, reason)
    }
}

/// For the commands that check once: no answer is an input that cannot be used, the rest has failed.
impl From<Finding> for Error {
    fn from(finding: Finding) -> Self {
        match finding.alarm {
            Alarm::Unreachable => Self::Unusable(finding.reason),
            _ => Self::Failed(finding.to_string()),
        }
    }
}

/// Why a command that reads a log stops: the log's fault, or something here.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Something is wrong with the log.
    Log(Finding),
    /// A file or an argument cannot be used.
    Here(Error),
}

impl From<Finding> for Trouble {
    fn from(finding: Finding) -> Self {
        Self::Log(finding)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Here(error)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Log(finding) => finding.into(),
            Trouble::Here(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Alarm;

    #[test]
    fn every_alarm_has_its_own_name_and_code() {
        let names: BTreeSet<_> = Alarm::ALL.map(Alarm::name).into();
        let codes: BTreeSet<_> = Alarm::ALL.map(Alarm::code).into();
        assert_eq!(names.len(), 8);
        assert_eq!(codes, (10..=17).collect());
    }
}
