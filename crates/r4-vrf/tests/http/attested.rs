//! `/random_dual`: bytes of r4-core, here a stand-in that is healthy, blocked, wrong or gone.

use axum::Router;
use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use r4_receipt::{Document, Mode, Require};
use r4_service::{Problem, kind};
use tempfile::TempDir;

use crate::harness::{INTERNAL_KEY, TestNode, serve};

const SHA256: &str = "abababababababababababababababababababababababababababababababab";

async fn node_with(core: Router) -> (TestNode, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (TestNode::open(folder.path(), &serve(core).await), folder)
}

fn core(answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static) -> Router {
    let random = async move |RawQuery(query): RawQuery, headers: HeaderMap| {
        if headers["x-api-key"] != INTERNAL_KEY {
            return Problem::new(kind::INVALID_API_KEY, "invalid api key").into_response();
        }
        answer(query.unwrap().strip_prefix("n=").unwrap().parse().unwrap())
    };
    Router::new().route("/random", get(random))
}

fn sealed(n: usize) -> Response {
    let bytes: Vec<u8> = (0..=255).cycle().take(n).collect();
    ([("x-r4-mode", "sealed"), ("x-r4-core-sha256", SHA256)], bytes).into_response()
}

#[tokio::test]
async fn bytes_of_a_sealed_core() {
    let (node, _folder) = node_with(core(sealed)).await;
    for n in [16, 32, 1000] {
        let answer = node.get(&format!("/random_dual?n={n}")).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let document = node.accepts(&answer, Require::Dual).await;
        let Document::Attested(attested) = document else { panic!("a receipt") };
        assert_eq!(attested.bytes, (0..=255).cycle().take(n).collect::<Vec<u8>>());
        assert_eq!((attested.mode, attested.core_sha256), (Mode::Sealed, [0xab; 32]));
        assert_eq!(answer.json()["unique"], false);
    }
}

#[tokio::test]
async fn an_attestation_can_be_bound_and_takes_its_own_index() {
    let (node, _folder) = node_with(core(sealed)).await;
    let receipt = node.get("/vrf").await.json();
    let answer = node.get("/random_dual?n=16&chain_id=5").await;
    let document = node.accepts(&answer, Require::Dual).await;
    assert_eq!(document.envelope().domain.chain_id(), Some(5));
    assert_eq!(receipt["index"], "1");
    assert_eq!(document.envelope().index, 2);
}

#[tokio::test]
async fn a_fallback_core_is_said_to_be_one() {
    let (node, _folder) =
        node_with(core(|n| ([("x-r4-mode", "fallback")], vec![9; n]).into_response())).await;
    let document = node.accepts(&node.get("/random_dual?n=16").await, Require::Dual).await;
    let Document::Attested(attested) = document else { panic!("a receipt") };
    assert_eq!((attested.mode, attested.core_sha256), (Mode::Fallback, [0; 32]));
}

#[tokio::test]
async fn a_blocked_core_is_named_with_its_reason() {
    let (node, _folder) = node_with(core(|_| {
        let detail = "r4-core is blocked: the sealed core has another sha256";
        Problem::unavailable(kind::CORE_BLOCKED, detail, 5).into_response()
    }))
    .await;
    let answer = node.get("/random_dual?n=16").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "core-unavailable"));
    assert!(answer.text().contains("r4-core"), "{}", answer.text());
    assert!(answer.text().contains("another sha256"), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    node.accepts(&node.get("/vrf").await, Require::Dual).await;
}

#[tokio::test]
async fn a_core_that_is_gone_stops_random_dual_alone() {
    let (node, _folder) = TestNode::fresh();
    let answer = node.get("/random_dual?n=16").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "upstream-down"));
    assert!(answer.text().contains("r4-core"), "{}", answer.text());
    let receipt = node.get("/vrf").await;
    node.accepts(&receipt, Require::Dual).await;
    assert_eq!(receipt.json()["index"], "1", "a failed draw costs no index");
}

#[tokio::test]
async fn answers_out_of_form_are_never_attested() {
    let short = |n: usize| {
        ([("x-r4-mode", "sealed"), ("x-r4-core-sha256", SHA256)], vec![1; n - 1]).into_response()
    };
    let unnamed = |n: usize| vec![1; n].into_response();
    let unhashed = |n: usize| ([("x-r4-mode", "sealed")], vec![1; n]).into_response();
    let endless = |_: usize| vec![1; 100_000].into_response();
    let refused = |_: usize| Problem::new(kind::INVALID_API_KEY, "invalid api key").into_response();
    for (app, word) in [
        (core(short), "length"),
        (core(unnamed), "X-R4-Mode"),
        (core(unhashed), "X-R4-Core-SHA256"),
        (core(endless), "more than"),
        (core(refused), "R4_INTERNAL_KEY"),
    ] {
        let (node, _folder) = node_with(app).await;
        let answer = node.get("/random_dual?n=16").await;
        assert_eq!(answer.status.as_u16(), 503, "{word}");
        answer.problem();
        assert!(answer.text().contains(word), "{word}: {}", answer.text());
        assert!(answer.text().contains("r4-core"), "{}", answer.text());
    }
}
