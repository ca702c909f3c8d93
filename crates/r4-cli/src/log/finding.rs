//! What can be wrong with a log or a node: a name, an exit code, and a sentence.

use crate::exit::{Error, Exit};

/// The names of `r4 log monitor` and `r4 monitor`, gravest first.
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
    /// Random bytes that do not come from the sealed core.
    NotSealed,
    /// A noise source that fails its tests.
    Entropy,
    /// A node that answers, and does not do its work.
    NotReady,
    /// Too many indexes that were never answered.
    Missed,
    /// A checkpoint whose signature is too old.
    Stale,
    /// No answer.
    Unreachable,
    /// A node whose clock is not this machine's.
    Clock,
    /// A certificate that ends soon.
    Certificate,
    /// Programs of different versions.
    VersionSkew,
    /// An alarm that nobody took.
    Undelivered,
}

impl Alarm {
    /// Those of `r4 log monitor`.
    pub(super) const OF_LOGS: [Self; 8] = [
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
            Self::NotSealed => "not-sealed",
            Self::Entropy => "entropy",
            Self::NotReady => "not-ready",
            Self::Clock => "clock",
            Self::Certificate => "certificate",
            Self::VersionSkew => "version-skew",
            Self::Undelivered => "undelivered",
        }
    }

    /// Returns its exit code.
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
            Self::NotReady => 18,
            Self::NotSealed => 19,
            Self::Entropy => 20,
            Self::Clock => 21,
            Self::Certificate => 22,
            Self::VersionSkew => 23,
            Self::Undelivered => 24,
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
    pub(crate) alarm: Alarm,
    /// A sentence about it.
    pub(crate) reason: String,
}

impl Finding {
    /// Names what is wrong.
    pub(crate) fn new(alarm: Alarm, reason: impl std::fmt::Display) -> Self {
        Self { alarm, reason: reason.to_string() }
    }

    /// Something that does not verify.
    pub(crate) fn invalid(reason: impl std::fmt::Display) -> Self {
        Self::new(Alarm::Invalid, reason)
    }

    /// Says what is wrong with a checkpoint that was signed at `signed`, of whose age at most
    /// `most` seconds are right.
    pub(crate) fn of_age(now: u64, signed: u64, most: u64) -> Option<Self> {
        let (age, ahead) = (now.saturating_sub(signed), signed.saturating_sub(now));
        let reason = if age > most {
            format!("the checkpoint was signed {age} s ago")
        } else if ahead > most {
            format!("the checkpoint was signed {ahead} s ahead of this machine's clock")
        } else {
            return None;
        };
        Some(Self::new(Alarm::Stale, reason))
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
        let of_nodes = [
            Alarm::NotReady,
            Alarm::NotSealed,
            Alarm::Entropy,
            Alarm::Clock,
            Alarm::Certificate,
            Alarm::VersionSkew,
            Alarm::Undelivered,
        ];
        let all: Vec<Alarm> = Alarm::OF_LOGS.into_iter().chain(of_nodes).collect();
        let names: BTreeSet<_> = all.iter().map(|alarm| alarm.name()).collect();
        let codes: BTreeSet<_> = all.iter().map(|alarm| alarm.code()).collect();
        assert_eq!(names.len(), 15);
        assert_eq!(codes, (10..=24).collect());
    }
}
