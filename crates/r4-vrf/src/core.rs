//! Bytes of r4-core, with what it said of itself in that very answer.

use axum::http::{HeaderMap, HeaderName, Response, StatusCode};
use bytes::Bytes;
use r4_receipt::Mode;
use r4_service::upstream::Upstream;
use r4_service::{Problem, kind};
use serde::Deserialize;

use crate::body::brief;

const MODE: HeaderName = HeaderName::from_static("x-r4-mode");
const CORE_SHA256: HeaderName = HeaderName::from_static("x-r4-core-sha256");
/// Most bytes of an answer: 1000 random ones, or a problem.
const MAX_ANSWER_BYTES: usize = 8 * 1024;

/// Fresh bytes and where they came from.
#[derive(Clone, PartialEq, Eq)]
pub struct CoreBytes {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How r4-core made them.
    pub mode: Mode,
    /// SHA-256 of its sealed binary; zero when it has none, which is possible in fallback alone.
    pub core_sha256: [u8; 32],
}

impl std::fmt::Debug for CoreBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CoreBytes({} bytes, {:?})", self.bytes.len(), self.mode)
    }
}

/// Draws `n` bytes from r4-core.
///
/// # Errors
/// 503 that names r4-core and its reason.
pub async fn draw(core: &Upstream, n: usize) -> Result<CoreBytes, Problem> {
    let answer = core.get(&format!("/random?n={n}"), MAX_ANSWER_BYTES).await?;
    if answer.status() != StatusCode::OK {
        return Err(refused(core.name(), &answer));
    }
    let (head, body) = answer.into_parts();
    parse(&head.headers, body, n).map_err(|what| {
        tracing::error!(upstream = core.name(), what, "malformed answer");
        unavailable(format!("{} answered out of form: {what}", core.name()))
    })
}

/// Passes on r4-core's own reason.
fn refused(name: &str, answer: &Response<Bytes>) -> Problem {
    #[derive(Deserialize)]
    struct Reason {
        detail: String,
    }
    let status = answer.status();
    tracing::warn!(upstream = name, status = status.as_u16(), "upstream refused");
    if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
        let advice = "give both services the same R4_INTERNAL_KEY";
        return unavailable(format!("{name} does not accept this service's key: {advice}"));
    }
    let reason = serde_json::from_slice::<Reason>(answer.body());
    let reason = reason.map_or_else(|_| format!("status {status}"), |r| brief(&r.detail));
    unavailable(format!("{name} gave no bytes: {reason}"))
}

fn unavailable(detail: String) -> Problem {
    Problem::unavailable(kind::CORE_UNAVAILABLE, detail, 5)
}

fn parse(headers: &HeaderMap, body: Bytes, n: usize) -> Result<CoreBytes, &'static str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let mode = text(MODE).and_then(Mode::from_name).ok_or("X-R4-Mode is not a mode")?;
    let core_sha256 = match (text(CORE_SHA256), mode) {
        (Some(digits), _) => {
            let mut sha256 = [0; 32];
            hex::decode_to_slice(digits, &mut sha256)
                .map_err(|_| "X-R4-Core-SHA256 is not a SHA-256")?;
            sha256
        }
        (None, Mode::Fallback) => [0; 32],
        (None, Mode::Sealed) => return Err("it is sealed, but X-R4-Core-SHA256 is missing"),
    };
    if body.len() != n {
        return Err("the body has another length than asked for");
    }
    Ok(CoreBytes { bytes: body.into(), mode, core_sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(headers: &[(HeaderName, &str)], body: usize) -> Result<CoreBytes, &'static str> {
        let headers = headers.iter().map(|(k, v)| (k.clone(), v.parse().unwrap())).collect();
        parse(&headers, Bytes::from(vec![7; body]), 16)
    }

    #[test]
    fn answers_of_the_core() {
        let sha256 = "ab".repeat(32);
        let good = parsed(&[(MODE, "sealed"), (CORE_SHA256, &sha256)], 16).unwrap();
        assert_eq!((good.mode, good.core_sha256), (Mode::Sealed, [0xab; 32]));
        assert_eq!(format!("{good:?}"), "CoreBytes(16 bytes, Sealed)");
        assert_eq!(parsed(&[(MODE, "fallback")], 16).unwrap().core_sha256, [0; 32]);
        let kept = parsed(&[(MODE, "fallback"), (CORE_SHA256, &sha256)], 16).unwrap();
        assert_eq!((kept.mode, kept.core_sha256), (Mode::Fallback, [0xab; 32]));
    }

    #[test]
    fn answers_that_must_not_be_attested() {
        let sha256 = "ab".repeat(32);
        for (headers, length) in [
            (vec![(MODE, "sealed")], 16),
            (vec![(MODE, "blocked"), (CORE_SHA256, sha256.as_str())], 16),
            (vec![(CORE_SHA256, sha256.as_str())], 16),
            (vec![(MODE, "sealed"), (CORE_SHA256, "ab")], 16),
            (vec![(MODE, "sealed"), (CORE_SHA256, sha256.as_str())], 15),
            (vec![(MODE, "sealed"), (CORE_SHA256, sha256.as_str())], 17),
        ] {
            assert!(parsed(&headers, length).is_err(), "{headers:?} {length}");
        }
    }
}
