//! The problems that operations have in common, by what they do.

use r4_service::{Kind, kind};

/// Problems that go together.
pub(super) type Kinds = &'static [&'static Kind];

/// Of every operation.
pub(super) const ANY: Kinds =
    &[kind::MALFORMED_QUERY, kind::UNKNOWN_PARAMETER, kind::RATE_LIMITED, kind::TOO_MANY_OPEN];
/// Of those that know a parameter.
pub(super) const PARAMETERS: Kinds = &[kind::REPEATED_PARAMETER];
/// Of those with a parameter whose value may be wrong.
pub(super) const VALUES: Kinds = &[kind::INVALID_PARAMETER];
/// Of those with a parameter that must be given.
pub(super) const NEEDED: Kinds = &[kind::MISSING_PARAMETER];
/// Of a `GET`.
pub(super) const NO_BODY: Kinds = &[kind::UNEXPECTED_BODY];
/// Of a `POST`.
pub(super) const BODY: Kinds =
    &[kind::BROKEN_BODY, kind::SLOW_BODY, kind::BODY_TOO_LARGE, kind::UNSUPPORTED_MEDIA_TYPE];
/// Of those that need an API key.
pub(super) const KEY: Kinds = &[
    kind::INVALID_API_KEY,
    kind::EXPIRED_API_KEY,
    kind::REVOKED_API_KEY,
    kind::WEAK_API_KEY,
    kind::KEYS_UNAVAILABLE,
];
/// Of those that an API key pays for.
pub(super) const PAID: Kinds =
    &[kind::MISSING_SCOPE, kind::QUOTA_EXCEEDED, kind::STORE_UNAVAILABLE];
/// Of those that do a piece of work once.
pub(super) const ONCE: Kinds = &[
    kind::INVALID_IDEMPOTENCY_KEY,
    kind::IDEMPOTENCY_IN_PROGRESS,
    kind::IDEMPOTENCY_MISMATCH,
    kind::IDEMPOTENCY_FULL,
];
/// Of those that keep something or read what is kept.
pub(super) const KEPT: Kinds = &[kind::STORE_UNAVAILABLE];
/// Of those that another service of the node answers.
pub(super) const PASSED_ON: Kinds = &[
    kind::UPSTREAM_DOWN,
    kind::UPSTREAM_TIMEOUT,
    kind::UPSTREAM_BUSY,
    kind::UPSTREAM_REFUSED,
    kind::UPSTREAM_BROKEN,
    kind::DEADLINE,
    kind::INTERNAL,
];
/// Of those that take random bytes.
pub(super) const BYTES: Kinds = &[kind::CORE_BLOCKED];
/// Of those that r4-vrf works on in turn.
pub(super) const IN_TURN: Kinds = &[kind::BUSY];
/// Of those that make a receipt.
pub(super) const SIGNED: Kinds = &[
    kind::BUSY,
    kind::INDEX_UNAVAILABLE,
    kind::LOG_UNAVAILABLE,
    kind::SIGNING_STOPPED,
    kind::KEYS_REVOKED,
    kind::SELF_CHECK_FAILED,
];
/// Of those that take an input of the VRF.
pub(super) const ALPHA: Kinds =
    &[kind::INVALID_ALPHA, kind::RESERVED_ALPHA, kind::INVALID_PARAMETER, kind::NO_EVM_FORM];
/// Of the demonstration.
pub(super) const DEMO: Kinds = &[kind::DEMO_OFF];
