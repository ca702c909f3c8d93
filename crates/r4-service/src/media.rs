//! What a body says that it is.

use axum::http::{HeaderMap, header};

use crate::{Problem, kind};

/// Lets a request through whose body says, once, that it is JSON.
///
/// # Errors
/// 415 `unsupported-media-type`.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    if is_json(headers) {
        return Ok(());
    }
    let detail = "the body must be JSON, and say so: Content-Type: application/json";
    Err(Problem::new(kind::UNSUPPORTED_MEDIA_TYPE, detail))
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let essence = only.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
