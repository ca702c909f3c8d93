//! Keys are made, listed, rotated, revoked, and looked at.

use r4_api::keys::{AuditHead, AuditPage, KeyPage};
use r4_gateway::keys::{KeyRefusal, SIMPLE_NAME};
use r4_gateway::store::UsageDelta;
use r4_service::clock::unix_now;

use crate::node::Node;

#[tokio::test]
async fn a_key_is_shown_once_and_works_at_once() {
    let node = Node::start().await;
    let order = r#"{"name":"alice","rate":"50/s","burst":70,"quota":"1000000/month",
        "scopes":["vrf","random"],"expires":4000000000}"#;
    let made = node.post("/admin/v1/keys", order).await;
    assert_eq!((made.status, made.header("cache-control")), (201, "no-store"));
    assert_eq!(made.header("content-type"), "application/json");
    let json = made.json();
    let key = json["key"].as_str().expect("a key").to_owned();
    let info = &json["info"];
    let want = [
        ("name", "\"alice\""),
        ("status", "\"live\""),
        ("rate", "\"50/s\""),
        ("burst", "70"),
        ("quota", "\"1000000/month\""),
        ("scopes", "[\"random\",\"vrf\"]"),
        ("expires", "4000000000"),
        ("rotated", "null"),
        ("revoked", "null"),
    ];
    for (field, value) in want {
        assert_eq!(info[field].to_string(), value, "{field}");
    }
    let entry = node.table.find(&key, unix_now()).expect("known at once");
    assert_eq!(info["id"], entry.id.to_string());
    let by_name = node.get("/admin/v1/keys/alice").await;
    let by_id = node.get(&format!("/admin/v1/keys/{}", entry.id)).await;
    assert_eq!((by_name.json(), by_id.json()), (info.clone(), info.clone()));
    for path in ["/admin/v1/keys", "/admin/v1/keys/alice", "/admin/v1/audit", "/metrics"] {
        assert!(!node.get(path).await.text.contains(&key), "{path}");
    }
}

#[tokio::test]
async fn what_an_order_leaves_out_has_defaults() {
    let node = Node::start().await;
    node.create(r#"{"name":"alice"}"#).await;
    let info = node.get("/admin/v1/keys/alice").await.json();
    assert_eq!((info["rate"].as_str(), info["burst"].as_u64()), (Some("40/s"), Some(40)));
    assert_eq!(info["scopes"].to_string(), "[\"random\",\"vrf\",\"draws\"]");
    assert!(info["quota"].is_null() && info["expires"].is_null());
    node.create(r#"{"name":"bob","rate":"90/m"}"#).await;
    let info = node.get("/admin/v1/keys/bob").await.json();
    assert_eq!(info["burst"], 2, "one second's worth of the key's own rate");
}

#[tokio::test]
async fn rotation_has_an_overlap() {
    let node = Node::start().await;
    let first = node.create(r#"{"name":"alice"}"#).await;
    let rotated = node.post("/admin/v1/keys/alice/rotate", r#"{"overlap_seconds":60}"#).await;
    assert_eq!((rotated.status, rotated.header("cache-control")), (200, "no-store"));
    let second = rotated.json()["key"].as_str().expect("a key").to_owned();
    let until = rotated.json()["info"]["old_until"].as_u64().expect("a time");
    assert_ne!(first, second);
    for good in [&first, &second] {
        assert!(node.table.find(good, until - 1).is_ok());
    }
    assert_eq!(node.table.find(&first, until), Err(KeyRefusal::Expired));
    assert!(node.table.find(&second, until).is_ok());

    let now = unix_now();
    let third = node.post("/admin/v1/keys/alice/rotate", "").await.json();
    let until = third["info"]["old_until"].as_u64().expect("a time");
    assert!((now + 86_400..now + 86_460).contains(&until), "a day without a word");
    let last = node.post("/admin/v1/keys/alice/rotate", r#"{"overlap_seconds":0}"#).await.json();
    assert!(last["info"]["old_until"].is_null());
    for ended in [&first, &second] {
        assert_eq!(node.table.find(ended, unix_now()), Err(KeyRefusal::Unknown));
    }
}

#[tokio::test]
async fn a_revoked_key_ends_at_once_and_its_name_is_free() {
    let node = Node::start().await;
    let key = node.create(r#"{"name":"alice"}"#).await;
    let id = node.get("/admin/v1/keys/alice").await.json()["id"].as_str().expect("id").to_owned();
    let revoked = node.post("/admin/v1/keys/alice/revoke", "").await;
    assert_eq!((revoked.status, revoked.json()["status"].as_str()), (200, Some("revoked")));
    assert_eq!(node.table.find(&key, unix_now()), Err(KeyRefusal::Revoked));
    let gone = node.post("/admin/v1/keys/alice/revoke", "{}").await;
    assert_eq!(gone.problem(), (404, "unknown-key".to_owned()), "no key has the name now");
    for act in ["rotate", "revoke"] {
        let again = node.post(&format!("/admin/v1/keys/{id}/{act}"), "").await;
        assert_eq!(again.problem(), (409, "key-revoked".to_owned()), "{act}");
    }
    node.create(r#"{"name":"alice"}"#).await;
    let page: KeyPage =
        serde_json::from_value(node.get("/admin/v1/keys").await.json()).expect("page");
    assert_eq!(page.keys.len(), 2);
}

#[tokio::test]
async fn lists_have_pages() {
    let node = Node::start().await;
    for number in 0..5 {
        node.create(&format!(r#"{{"name":"key{number}"}}"#)).await;
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = node.get(&format!("/admin/v1/keys?limit=2{after}")).await.json();
        let page: KeyPage = serde_json::from_value(page).expect("page");
        seen.extend(page.keys.into_iter().map(|key| key.id));
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    assert_eq!((seen.len(), seen.is_sorted()), (5, true));
    for bad in ["?limit=0", "?limit=1001", "?after=alice", "?page=2"] {
        assert_eq!(node.get(&format!("/admin/v1/keys{bad}")).await.problem().0, 400, "{bad}");
    }
}

#[tokio::test]
async fn the_audit_trail_says_who_did_what() {
    let node = Node::start().await;
    node.create(r#"{"name":"alice"}"#).await;
    node.post("/admin/v1/keys/alice/rotate", "").await;
    node.post("/admin/v1/keys/alice/revoke", "").await;
    let page: AuditPage =
        serde_json::from_value(node.get("/admin/v1/audit").await.json()).expect("page");
    let head = page.rows.iter().try_fold(AuditHead::empty(), |head, row| head.extend(row));
    head.expect("unbroken").ends_at(&page.head).expect("whole");
    assert_eq!(page.rows.len(), 3);
    assert!(page.rows.iter().all(|row| row.actor == "admin@127.0.0.1" && row.name == "alice"));
    let later = node.get("/admin/v1/audit?from=2&limit=1").await.json();
    assert_eq!(
        (later["rows"][0]["seq"].as_u64(), later["head"]["seq"].as_u64()),
        (Some(2), Some(3))
    );
    assert_eq!(later["rows"][0]["action"], "rotate");
}

#[tokio::test]
async fn usage_is_told_by_day() {
    let node = Node::start().await;
    node.create(r#"{"name":"alice","quota":"1000/day"}"#).await;
    let alice = node.store.find("alice").await.expect("found");
    let now = unix_now();
    let today = u32::try_from(now / 86_400).expect("a day");
    let delta = |id, day| UsageDelta { id, day, route: "/v1/vrf", requests: 2, units: 10 };
    let simple = r4_gateway::keys::KeyId::SIMPLE;
    let deltas = [delta(alice.id, today), delta(alice.id, today - 31), delta(simple, today)];
    node.store.add_usage(&deltas).await.expect("added");
    let start = alice.policy.quota.expect("quota").per.start(now);
    node.store.lease(alice.id, start, 1000, 10, 30).await.expect("lease");
    let usage = node.get("/admin/v1/keys/alice/usage").await.json();
    assert_eq!(usage["days"].as_array().expect("days").len(), 1, "{usage}");
    assert_eq!(
        (usage["days"][0]["route"].as_str(), usage["days"][0]["units"].as_u64()),
        (Some("/v1/vrf"), Some(10))
    );
    let day = usage["days"][0]["day"].as_str().expect("a day");
    assert!(day.len() == 10 && day.starts_with("20"), "{day}");
    assert_eq!(
        (usage["quota"]["used"].as_u64(), usage["quota"]["left"].as_u64()),
        (Some(30), Some(970))
    );
    assert_eq!(usage["quota"]["per"], "day");
    let more = node.get("/admin/v1/keys/alice/usage?days=32").await.json();
    assert_eq!(more["days"].as_array().expect("days").len(), 2);
    let simple = node.get(&format!("/admin/v1/keys/{SIMPLE_NAME}/usage")).await.json();
    assert!(simple["quota"].is_null());
    assert_eq!(simple["days"].as_array().expect("days").len(), 1, "of R4_API_KEY");
}
