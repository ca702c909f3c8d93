//! Quotas, usage, the history of health, and what is forgotten.

use r4_gateway::store::{HealthDelta, Lease, UsageDelta};

use crate::both::{Kept, NOW, on_both, some_id};

const DAY: u32 = 20_833;
/// 400 days before [`NOW`].
const LAST_KEPT: u32 = DAY - 400;

on_both! {
    a_quota_is_given_out_to_its_last_unit;
    units_come_back_and_periods_are_apart;
    usage_adds_up;
    health_adds_up;
    what_is_old_is_forgotten;
}

async fn a_quota_is_given_out_to_its_last_unit(kept: Kept) {
    let (store, id) = (&kept.store, some_id());
    let steps = [
        // need, want, granted, left
        (1, 60, 60, 40),
        (50, 60, 0, 40),
        (30, 60, 40, 0),
        (1, 1, 0, 0),
    ];
    for (need, want, granted, left) in steps {
        let lease = store.lease(id, NOW, 100, need, want).await;
        assert_eq!(lease, Ok(Lease { granted, left }), "{need} {want}");
    }
    assert_eq!(store.granted(id, NOW).await, Ok(100));
    let none = store.lease(some_id(), NOW, 5, 6, 6).await;
    assert_eq!(none, Ok(Lease { granted: 0, left: 5 }), "more than there ever is");
    let all = store.lease(some_id(), NOW, 5, 5, 1).await;
    assert_eq!(all, Ok(Lease { granted: 5, left: 0 }), "never fewer than are needed");
}

async fn units_come_back_and_periods_are_apart(kept: Kept) {
    let (store, id) = (&kept.store, some_id());
    store.lease(id, NOW, 100, 1, 80).await.expect("lease");
    store.give_back(id, NOW, 30).await.expect("back");
    assert_eq!(store.granted(id, NOW).await, Ok(50));
    store.give_back(id, NOW, 1000).await.expect("back");
    assert_eq!(store.granted(id, NOW).await, Ok(0), "never below none");
    store.give_back(some_id(), NOW, 7).await.expect("nothing to give back");
    store.lease(id, NOW, 100, 1, 10).await.expect("lease");
    assert_eq!(store.granted(id, NOW + 1).await, Ok(0), "another period");
    assert_eq!(
        store.lease(id, NOW, 9, 1, 1).await,
        Ok(Lease { granted: 0, left: 0 }),
        "a lower quota"
    );
}

async fn usage_adds_up(kept: Kept) {
    let (store, alice, bob) = (&kept.store, some_id(), some_id());
    let delta = |id, day, route, requests, units| UsageDelta { id, day, route, requests, units };
    store.add_usage(&[]).await.expect("nothing");
    for _ in 0..2 {
        let deltas = [
            delta(alice, DAY, "/v1/vrf", 1, 5),
            delta(alice, DAY, "/v1/random", 2, 2),
            delta(alice, DAY, "/v1/vrf", 1, 5),
            delta(alice, DAY + 1, "/v1/random", 1, 1),
            delta(bob, DAY, "/v1/random", 9, 9),
        ];
        store.add_usage(&deltas).await.expect("added");
    }
    let rows = store.usage(alice, DAY, DAY + 1).await.expect("usage");
    let told: Vec<_> =
        rows.iter().map(|row| (row.day, row.route.as_str(), row.requests, row.units)).collect();
    let want = [(DAY, "/v1/random", 4, 4), (DAY, "/v1/vrf", 4, 20), (DAY + 1, "/v1/random", 2, 2)];
    assert_eq!(told, want);
    assert_eq!(store.usage(alice, DAY + 1, DAY + 1).await.expect("usage").len(), 1);
    assert_eq!(store.usage(bob, 0, u32::MAX).await.expect("usage").len(), 1);
}

async fn health_adds_up(kept: Kept) {
    let store = &kept.store;
    let delta =
        |start, component, ok, degraded, down| HealthDelta { start, component, ok, degraded, down };
    let deltas = [delta(600, "r4-vrf", 1, 0, 2), delta(300, "r4-core", 3, 0, 0)];
    store.add_health(&deltas).await.expect("added");
    store
        .add_health(&[delta(600, "r4-vrf", 0, 5, 0), delta(600, "r4-core", 1, 0, 0)])
        .await
        .expect("added");
    let rows = store.health(300).await.expect("history");
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.start, row.component.as_str(), row.ok, row.degraded, row.down))
        .collect();
    let want = [(300, "r4-core", 3, 0, 0), (600, "r4-core", 1, 0, 0), (600, "r4-vrf", 1, 5, 2)];
    assert_eq!(told, want);
    assert_eq!(store.health(301).await.expect("history").len(), 2);
}

async fn what_is_old_is_forgotten(kept: Kept) {
    let (store, id) = (&kept.store, some_id());
    let (old, recent) = (NOW - 63 * 86_400, NOW - 31 * 86_400);
    for start in [old, recent] {
        store.lease(id, start, 10, 1, 1).await.expect("lease");
    }
    for day in [LAST_KEPT - 1, LAST_KEPT] {
        let delta = UsageDelta { id, day, route: "/v1/random", requests: 1, units: 1 };
        store.add_usage(&[delta]).await.expect("added");
    }
    for start in [NOW - 31 * 86_400, NOW - 29 * 86_400] {
        let delta = HealthDelta { start, component: "entropy", ok: 1, degraded: 0, down: 0 };
        store.add_health(&[delta]).await.expect("added");
    }
    store.sweep(NOW).await.expect("swept");
    assert_eq!(store.granted(id, old).await, Ok(0));
    assert_eq!(store.granted(id, recent).await, Ok(1));
    let days = store.usage(id, 0, u32::MAX).await.expect("usage");
    assert_eq!(days.iter().map(|row| row.day).collect::<Vec<_>>(), [LAST_KEPT]);
    assert_eq!(store.health(0).await.expect("history").len(), 1);
}
