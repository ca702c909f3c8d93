//! What goes into the store and comes out of it.

use r4_api::gateway::DayUsage;

use super::SECONDS_A_DAY;
use crate::keys::{KeyId, KeyRecord};

/// The keys that changed since a revision, in the order of their changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The last change that is told of. Lower than what was asked for when the store was set back.
    pub revision: u64,
    /// The keys as they are now.
    pub records: Vec<KeyRecord>,
    /// Whether there are more changes than fit; they are asked for from `revision`.
    pub more: bool,
}

/// Units of a quota that were given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Units that the caller may give out; 0 when fewer than it needs were left.
    pub granted: u64,
    /// Units that are left after that.
    pub left: u64,
}

/// What a key used more of, of one route on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageDelta {
    /// Id of the key.
    pub id: KeyId,
    /// Days since 1970.
    pub day: u32,
    /// Path of the route.
    pub route: &'static str,
    /// Requests.
    pub requests: u64,
    /// Units that they cost.
    pub units: u64,
}

/// What a key used of one route on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// Days since 1970.
    pub day: u32,
    /// Path of the route.
    pub route: String,
    /// Requests.
    pub requests: u64,
    /// Units that they cost.
    pub units: u64,
}

impl From<UsageRow> for DayUsage {
    fn from(UsageRow { day, route, requests, units }: UsageRow) -> Self {
        let seconds = i64::from(day).saturating_mul(SECONDS_A_DAY.cast_signed());
        let date =
            time::OffsetDateTime::from_unix_timestamp(seconds).map(time::OffsetDateTime::date);
        Self { day: date.unwrap_or(time::Date::MIN).to_string(), route, requests, units }
    }
}

/// What has become of a request that names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is new, and the slot is the caller's to finish or release.
    New,
    /// It was begun and has no answer yet.
    InProgress,
    /// The slot is of another request.
    Different,
    /// It was answered.
    Done(Kept),
    /// Too many answers are kept for its owner.
    Full,
}

/// An answer that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// HTTP status.
    pub status: u16,
    /// Type of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Kept {
    /// Leaves the body out, which may hold random bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({}, {}, {} bytes)", self.status, self.content_type, self.body.len())
    }
}

/// How often a component was seen in which state, in five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthDelta {
    /// Start of the five minutes, Unix seconds.
    pub start: u64,
    /// The component.
    pub component: &'static str,
    /// Looks that found it well.
    pub ok: u32,
    /// Looks that found it degraded.
    pub degraded: u32,
    /// Looks that did not find it.
    pub down: u32,
}

/// How often a component was seen in which state, in five minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthRow {
    /// Start of the five minutes, Unix seconds.
    pub start: u64,
    /// The component.
    pub component: String,
    /// Looks that found it well.
    pub ok: u32,
    /// Looks that found it degraded.
    pub degraded: u32,
    /// Looks that did not find it.
    pub down: u32,
}
