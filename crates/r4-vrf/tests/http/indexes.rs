//! The index: strictly increasing across restarts, distinct under concurrency.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::harness::TestNode;

async fn index(node: &TestNode) -> u64 {
    node.get("/vrf?sig=ecdsa").await.json()["index"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn indexes_and_keys_live_through_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let (mut last, mut active) = (None, None);
    for _ in 0..4 {
        // Dropping a node runs no shutdown code: it is what a kill leaves.
        let node = TestNode::open(folder.path(), "http://127.0.0.1:1");
        for _ in 0..3 {
            let index = index(&node).await;
            assert!(last.is_none_or(|last| index > last), "{index} after {last:?}");
            last = Some(index);
        }
        let keys = node.get("/keys").await.json()["active"].clone();
        assert_eq!(*active.get_or_insert(keys.clone()), keys);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_have_distinct_indexes() {
    let (node, _folder) = TestNode::fresh();
    let node = Arc::new(node);
    let requests: Vec<_> = (0..64)
        .map(|_| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { index(&node).await })
        })
        .collect();
    let mut seen = BTreeSet::new();
    for request in requests {
        assert!(seen.insert(request.await.unwrap()));
    }
    assert_eq!(seen.len(), 64);
}
