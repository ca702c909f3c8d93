//! API keys: held as hashes, compared in constant time, taken from a header or `?key=`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::keys::{Accepts, Keys};
use crate::{Problem, kind};

/// Shortest key, in characters, that is not weak.
const STRONG_CHARACTERS: usize = 16;
/// Keys that everybody knows.
const KNOWN_KEYS: [&str; 2] = ["demo", "change-me"];

/// A key to be sent in a header; it shows nothing of itself.
#[derive(Clone)]
pub struct Secret(HeaderValue);

impl Secret {
    /// Takes a key of visible ASCII characters; `None` for any other text, which no header carries
    /// unchanged.
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let mut value = HeaderValue::from_str(text).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    /// Returns the header value to send, marked sensitive.
    pub fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Whether a key may be used by callers from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStrength {
    /// Well known or under 16 characters: local callers only.
    Weak,
    /// Any caller.
    Strong,
}

/// A key, as its SHA-256: equal length for all, so that comparing takes the same time for all.
#[derive(Clone)]
pub struct ApiKey {
    hash: [u8; 32],
    strength: KeyStrength,
}

impl ApiKey {
    /// Hashes the key text.
    pub fn new(text: &str) -> Self {
        let weak = text.chars().count() < STRONG_CHARACTERS || KNOWN_KEYS.contains(&text);
        let strength = if weak { KeyStrength::Weak } else { KeyStrength::Strong };
        Self { hash: hash(text), strength }
    }

    /// Returns whether the key may be used from anywhere.
    pub fn strength(&self) -> KeyStrength {
        self.strength
    }

    /// Compares in constant time.
    pub fn matches(&self, presented: &str) -> bool {
        self.has_hash(&hash(presented))
    }

    /// Returns whether both are the same key, compared in constant time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.has_hash(&other.hash)
    }

    fn has_hash(&self, presented: &[u8; 32]) -> bool {
        self.hash.ct_eq(presented).into()
    }
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKey({:?})", self.strength)
    }
}

/// Lets requests with an accepted key through.
#[derive(Clone, Debug)]
pub struct Guard {
    keys: Keys,
    accepts: Accepts,
}

impl Guard {
    /// Accepts those of `keys` that `accepts` says, as they are at each request.
    pub fn new(keys: Keys, accepts: Accepts) -> Self {
        Self { keys, accepts }
    }

    /// Checks the key of a request that came from `client`.
    ///
    /// # Errors
    /// 401 `invalid-api-key`; 403 `weak-api-key` when a weak key comes from a public address.
    pub fn check(&self, headers: &HeaderMap, uri: &Uri, client: IpAddr) -> Result<(), Problem> {
        let presented = hash(&presented_key(headers, uri).ok_or_else(invalid)?);
        // Every key is compared, so that the time does not tell which one was near.
        let mut found = None;
        for key in self.keys.now().accepted(self.accepts) {
            if key.has_hash(&presented) {
                found = found.or(Some(key.strength()));
            }
        }
        if found.ok_or_else(invalid)? == KeyStrength::Weak && !is_local(client) {
            let detail = "this node still uses a well-known or short API key, which is accepted \
                          from local addresses only; set R4_API_KEY to at least 16 random \
                          characters and restart the node";
            return Err(Problem::new(kind::WEAK_API_KEY, detail));
        }
        Ok(())
    }
}

/// Lets requests with a good key through: a layer for the routes that ask for one.
///
/// # Errors
/// As [`Guard::check`].
pub async fn authenticate(
    State(guard): State<Arc<Guard>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    guard.check(request.headers(), request.uri(), peer.ip())?;
    Ok(next.run(request).await)
}

fn invalid() -> Problem {
    Problem::new(kind::INVALID_API_KEY, "invalid api key")
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey"))
}

/// Returns the key of a request: header `X-API-Key`, else query parameter `key`.
///
/// A header or parameter given twice counts as none.
pub fn presented_key(headers: &HeaderMap, uri: &Uri) -> Option<Zeroizing<String>> {
    let mut in_header = headers.get_all("x-api-key").iter();
    if let Some(value) = in_header.next() {
        let only = in_header.next().is_none();
        return value.to_str().ok().filter(|_| only).map(|v| Zeroizing::new(v.to_owned()));
    }
    let query = uri.query()?;
    let mut in_query = form_urlencoded::parse(query.as_bytes()).filter(|(n, _)| n == "key");
    let (_, value) = in_query.next()?;
    in_query.next().is_none().then(|| Zeroizing::new(value.into_owned()))
}

/// Returns whether an address is loopback, private or link-local (RFC 1918, RFC 4193, RFC 3927).
pub fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;
    use crate::domain::Domain;

    fn check(key: &str, header: Option<&str>, uri: &str, ip: &str) -> u16 {
        let mut env = Env::of([("R4_API_KEY".to_owned(), key.to_owned())]);
        let keys = Keys::read(&mut env, &Domain::default()).expect("a key");
        let guard = Guard::new(keys, Accepts::Callers);
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert("x-api-key", value.parse().expect("header"));
        }
        let uri = uri.parse().expect("uri");
        guard
            .check(&headers, &uri, ip.parse().expect("ip"))
            .map_or_else(|p| p.status().as_u16(), |()| 200)
    }

    #[test]
    fn header_and_query_keys() {
        assert_eq!(check("demo", Some("demo"), "/", "127.0.0.1"), 200);
        assert_eq!(check("demo", None, "/?key=demo", "::1"), 200);
        assert_eq!(check("demo", None, "/?key=d%65mo", "10.1.2.3"), 200);
        assert_eq!(check("demo", None, "/?key=demo&key=demo", "127.0.0.1"), 401);
        assert_eq!(check("demo", Some("demo "), "/", "127.0.0.1"), 401);
        assert_eq!(check("demo", Some("WRONG"), "/?key=demo", "127.0.0.1"), 401);
        assert_eq!(check("demo", None, "/", "127.0.0.1"), 401);
    }

    #[test]
    fn weak_keys_serve_local_callers_only() {
        assert_eq!(check("demo", Some("demo"), "/", "203.0.113.7"), 403);
        assert_eq!(check("demo", Some("demo"), "/", "::ffff:203.0.113.7"), 403);
        assert_eq!(check("demo", Some("nope"), "/", "203.0.113.7"), 401);
        let strong = "0123456789abcdef";
        assert_eq!(check(strong, Some(strong), "/", "203.0.113.7"), 200);
    }
}
