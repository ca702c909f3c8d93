//! The node that the public checks talk to: a shared one of our own, or one that stands already.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use super::client::{Client, Request};
use super::external;
use super::node::{KEY, Node};
use super::r4::{Said, r4};
use super::wire::Response;

/// A node by its addresses.
pub(crate) struct Target {
    pub(crate) gateway: Client,
    /// r4-gateway itself, where it can be reached past a proxy.
    pub(crate) front: Option<Client>,
    /// r4-core itself, where it can be reached.
    pub(crate) core: Option<Client>,
    /// r4-vrf itself, where it can be reached.
    pub(crate) vrf: Option<Client>,
    pub(crate) key: String,
    _node: Option<Arc<Node>>,
}

/// The public keys of a node in a file, to pin them.
pub(crate) struct PinnedKeys {
    _dir: TempDir,
    path: PathBuf,
}

impl Target {
    /// Returns the node to test.
    pub(crate) fn get() -> Self {
        if let Some(base) = external::base() {
            let direct = |key| external::text(key).map(|url| Client::new(&url));
            return Self {
                gateway: Client::new(&base),
                front: direct("R4_E2E_GATEWAY"),
                core: direct("R4_E2E_CORE"),
                vrf: direct("R4_E2E_VRF"),
                key: external::text("R4_E2E_API_KEY").unwrap_or_else(|| KEY.to_owned()),
                _node: None,
            };
        }
        Self::of(Node::shared())
    }

    fn of(node: Arc<Node>) -> Self {
        Self {
            gateway: node.gateway.client(),
            front: Some(node.gateway.client()),
            core: Some(node.core.client()),
            vrf: Some(node.vrf.client()),
            key: KEY.to_owned(),
            _node: Some(node),
        }
    }

    /// Sends `GET path` to the gateway with the key.
    #[track_caller]
    pub(crate) fn get_keyed(&self, path: &str) -> Response {
        self.gateway.send(&Request::get(path).key(&self.key))
    }

    /// Returns a receipt.
    #[track_caller]
    pub(crate) fn receipt(&self, query: &str) -> Response {
        self.get_keyed(&format!("/v1/vrf{query}")).expect(200)
    }

    /// Returns the node's public keys, written to a file.
    #[track_caller]
    pub(crate) fn keys(&self) -> PinnedKeys {
        PinnedKeys::write(&self.gateway.get("/v1/keys").expect(200).body)
    }
}

impl PinnedKeys {
    /// Writes the answer of `/keys` to a file.
    pub(crate) fn write(document: &[u8]) -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("keys.json");
        std::fs::write(&path, document).expect("written");
        Self { _dir: dir, path }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("UTF-8")
    }

    /// Runs `r4 verify --keys FILE MORE -`.
    pub(crate) fn verify(&self, receipt: &[u8], more: &[&str]) -> Said {
        r4(&[&["verify", "--keys", self.path()], more, &["-"]].concat(), receipt)
    }
}

/// Asserts a problem document (RFC 9457) with this status; returns its `type` without `/errors/`
/// and its sentence.
#[track_caller]
pub(crate) fn problem(response: &Response, status: u16) -> (String, String) {
    assert_eq!(response.status, status, "{response:?}");
    let kind = response.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("application/problem+json"), "{response:?}");
    let body = response.json();
    assert_eq!(body["status"], status, "{response:?}");
    let field = |name: &str| match &body[name] {
        Value::String(text) if !text.is_empty() => text.clone(),
        _ => panic!("no {name}: {response:?}"),
    };
    assert!(!field("title").is_empty());
    let slug = field("type");
    let slug = slug.strip_prefix("/errors/").unwrap_or_else(|| panic!("type {slug}"));
    assert!(response.header("x-request-id").is_some(), "{response:?}");
    (slug.to_owned(), field("detail"))
}
