//! What a key may do: its scopes, its rate and its quota.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use r4_api::gateway::QuotaStanding;
use time::{OffsetDateTime, Time};

use crate::limits::Rate;

/// Most units of a quota: what every JSON reader takes for an exact number.
pub const MOST_UNITS: u64 = (1 << 53) - 1;

const SECONDS_A_DAY: u64 = 86_400;

/// What a key may do, and how much of it. Keys with equal policies share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyPolicy {
    /// How fast units come back.
    pub rate: Rate,
    /// How many may be spent at once.
    pub burst: NonZeroU32,
    /// How many may be spent in a day or month.
    pub quota: Option<Quota>,
    /// Which routes the key opens.
    pub scopes: Scopes,
}

/// A text that says no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No scope is named so.
    #[error("a scope is random, vrf or draws")]
    Scope,
    /// A key without a scope opens nothing.
    #[error("a key needs a scope: random, vrf or draws")]
    NoScope,
    /// It is no quota.
    #[error("a quota is such as 1000000/month or 5000/day, up to {MOST_UNITS}")]
    Quota,
}

/// A group of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `/v1/random` and `/v1/random_dual`.
    Random,
    /// `/v1/vrf`.
    Vrf,
    /// `/v1/draws`.
    Draws,
}

impl Scope {
    /// Every scope, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Random, Self::Vrf, Self::Draws];

    /// Returns the scope's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Vrf => "vrf",
            Self::Draws => "draws",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Random => 1,
            Self::Vrf => 2,
            Self::Draws => 4,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(PolicyError::Scope)
    }
}

/// The scopes of a key, at least one. Written `random,vrf,draws`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope.
    pub const ALL: Self = Self(7);

    /// Takes scopes; one that is named twice counts once.
    ///
    /// # Errors
    /// [`PolicyError::NoScope`].
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, PolicyError> {
        match scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()) {
            0 => Err(PolicyError::NoScope),
            bits => Ok(Self(bits)),
        }
    }

    /// Returns whether `scope` is one of them.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Returns them in the order in which they are written.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Scopes {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let scopes: Result<Vec<Scope>, _> = text.split(',').map(str::parse).collect();
        Self::new(scopes?)
    }
}

/// So many units in each calendar day or month of UTC. Written `1000000/month`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Units, from 1 to [`MOST_UNITS`].
    pub units: u64,
    /// When they come back.
    pub per: Period,
}

impl Quota {
    /// Returns where a key stands that has `used` units in the period of the Unix time `now`.
    pub fn standing(self, used: u64, now: u64) -> QuotaStanding {
        QuotaStanding {
            units: self.units,
            per: self.per.name().to_owned(),
            used,
            left: self.units.saturating_sub(used),
            resets: self.per.end(now),
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.units, self.per.name())
    }
}

impl FromStr for Quota {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let (units, per) = text.split_once('/').ok_or(PolicyError::Quota)?;
        let per = [Period::Day, Period::Month].into_iter().find(|known| known.name() == per);
        let digits = units.bytes().all(|byte| byte.is_ascii_digit());
        let units: u64 = units.parse().map_err(|_| PolicyError::Quota)?;
        match per {
            Some(per) if digits && (1..=MOST_UNITS).contains(&units) => Ok(Self { units, per }),
            _ => Err(PolicyError::Quota),
        }
    }
}

/// A calendar day or month of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From the first to the last.
    Month,
}

impl Period {
    /// Returns `day` or `month`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Returns when the period that holds `now` began; both in Unix seconds.
    pub fn start(self, now: u64) -> u64 {
        match self {
            Self::Day => now.saturating_sub(now % SECONDS_A_DAY),
            Self::Month => first_of_month(now, 0).unwrap_or(0),
        }
    }

    /// Returns when the period after the one that holds `now` begins; both in Unix seconds.
    pub fn end(self, now: u64) -> u64 {
        match self {
            Self::Day => self.start(now).saturating_add(SECONDS_A_DAY),
            Self::Month => first_of_month(now, 31).unwrap_or(u64::MAX),
        }
    }
}

/// Returns the first second of the month that lies `later` days after the first of this one.
fn first_of_month(now: u64, later: i64) -> Option<u64> {
    let now = OffsetDateTime::from_unix_timestamp(i64::try_from(now).ok()?).ok()?;
    let first = now.replace_day(1).ok()?.replace_time(Time::MIDNIGHT);
    let there = first.checked_add(time::Duration::days(later))?.replace_day(1).ok()?;
    u64::try_from(there.unix_timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_in_one_order() {
        let scopes: Scopes = "draws,random,draws".parse().expect("scopes");
        assert_eq!(scopes.to_string(), "random,draws");
        assert!(scopes.contains(Scope::Draws) && !scopes.contains(Scope::Vrf));
        assert_eq!("random,vrf,draws".parse(), Ok(Scopes::ALL));
        for bad in ["", "all", "random,", "Random", "random, vrf"] {
            assert_eq!(bad.parse::<Scopes>(), Err(PolicyError::Scope), "{bad}");
        }
        assert_eq!(Scopes::new([]), Err(PolicyError::NoScope));
    }

    #[test]
    fn quotas_are_written_and_read() {
        for good in ["1/day", "1000000/month", "9007199254740991/month"] {
            assert_eq!(good.parse::<Quota>().expect(good).to_string(), good);
        }
        for bad in ["", "5", "0/day", "+1/day", "1/week", "1/Day", "9007199254740992/day", "/day"] {
            assert_eq!(bad.parse::<Quota>(), Err(PolicyError::Quota), "{bad}");
        }
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        let now = 1_709_209_799; // 2024-02-29T12:29:59Z
        assert_eq!(Period::Day.start(now), 1_709_164_800);
        assert_eq!(Period::Day.end(now), 1_709_251_200);
        assert_eq!(Period::Month.start(now), 1_706_745_600);
        assert_eq!(Period::Month.end(now), 1_709_251_200);
        let december = 1_735_603_200; // 2024-12-31T00:00:00Z
        assert_eq!(Period::Month.start(december), 1_733_011_200);
        assert_eq!(Period::Month.end(december), 1_735_689_600);
        let first = 1_735_689_600;
        assert_eq!((Period::Month.start(first), Period::Day.start(first)), (first, first));
    }
}
