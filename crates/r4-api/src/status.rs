//! JSON of `GET /v1/status`: how the node was in the last days.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/status`. Seconds that nobody looked in are in no count: the gateway was not running, or
/// could not write down what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusAnswer {
    /// The gateway's time, Unix seconds.
    #[schema(example = 1_893_553_445_u64)]
    pub now: u64,
    /// Start of what is told of: seven days ago.
    #[schema(example = 1_892_948_700_u64)]
    pub since: u64,
    /// What is looked at, in the order in which it is shown.
    #[schema(example = json!(["r4-core", "r4-vrf", "entropy"]))]
    pub components: Vec<Component>,
    /// Length of a bucket.
    #[schema(example = 300)]
    pub bucket_seconds: u64,
    /// The buckets in which something was seen, the oldest first.
    pub buckets: Vec<StatusBucket>,
}

/// What is looked at once a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The service that makes random bytes.
    R4Core,
    /// The service that signs.
    R4Vrf,
    /// The noise sources and the engine of r4-core.
    Entropy,
}

impl Component {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::R4Core, Self::R4Vrf, Self::Entropy];

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::R4Core => "r4-core",
            Self::R4Vrf => "r4-vrf",
            Self::Entropy => "entropy",
        }
    }
}

/// Five minutes. A component that was not looked at is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StatusBucket {
    /// Start, Unix seconds, a multiple of 300.
    #[schema(example = 1_893_553_200_u64)]
    #[serde(rename = "start")]
    pub start: u64,
    /// The service that makes random bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub r4_core: Option<SecondsSeen>,
    /// The service that signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub r4_vrf: Option<SecondsSeen>,
    /// The noise sources and the engine of r4-core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub entropy: Option<SecondsSeen>,
}

impl StatusBucket {
    /// Returns what was seen of a component.
    pub fn of(&mut self, component: Component) -> &mut Option<SecondsSeen> {
        match component {
            Component::R4Core => &mut self.r4_core,
            Component::R4Vrf => &mut self.r4_vrf,
            Component::Entropy => &mut self.entropy,
        }
    }
}

/// How long a component was seen in each state; the seconds of several gateways add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecondsSeen {
    /// Well.
    #[schema(example = 298)]
    pub ok: u32,
    /// There, but not ready, or in a lesser mode.
    #[schema(example = 2)]
    pub degraded: u32,
    /// Not reachable; of the entropy: nothing is served.
    #[schema(example = 0)]
    pub down: u32,
}
