//! What two replicas share goes away and comes back: rates go on by local limits, keys fail closed,
//! and both heal by themselves.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, NOWHERE, gateway};
use crate::harness::replicas::{Replicas, uses_redis};
use crate::harness::target::problem;
use crate::harness::wire::Response;
use crate::harness::{seconds, wait_for};

/// Nobody waits longer, whatever is down.
const BOUNDED: Duration = Duration::from_secs(2);

#[track_caller]
fn ask(client: &Client, key: &str) -> Response {
    let started = Instant::now();
    let answer = client.once(&Request::get("/v1/random?n=8").key(key)).expect("an answer");
    assert!(started.elapsed() < BOUNDED, "{:?}: {answer:?}", started.elapsed());
    answer
}

/// Asks with the key and returns what is left of its rate.
#[track_caller]
fn left(client: &Client, key: &str) -> u32 {
    let answer = ask(client, key).expect(200);
    let left = answer.header("ratelimit-remaining").and_then(|left| left.parse().ok());
    left.unwrap_or_else(|| panic!("no RateLimit-Remaining: {answer:?}"))
}

/// Asserts that each replica limits alone: a bucket of which it has given out all but `full`, and a
/// request comes back in an hour.
#[track_caller]
fn limits_alone(clients: &[Client], key: &str, full: u32) {
    for client in clients {
        let all: Vec<u32> = (0..full).map(|_| left(client, key)).collect();
        assert_eq!(all, (0..full).rev().collect::<Vec<_>>());
        assert_eq!(problem(&ask(client, key), 429).0, "rate-limited");
    }
}

#[test]
fn without_redis_each_replica_limits_alone() {
    if skips_processes() {
        return;
    }
    let mut replicas = Replicas::start();
    let clients = replicas.clients();
    let slow = |name: &str| replicas.create(&json!({"name": name, "rate": "1/h", "burst": 5}));
    let (frozen, gone, back, fast) =
        (slow("frozen"), slow("gone"), slow("back"), replicas.create_fast("fast", None));
    for (count, client) in clients.iter().enumerate() {
        assert_eq!(left(client, &frozen), 4 - u32::try_from(count).unwrap());
    }
    let down_since = |before: &[usize]| {
        for (gateway, before) in replicas.gateways.iter().zip(before) {
            let log = gateway.log();
            assert_eq!(log.matches("Redis is down").count(), before + 1, "{log}");
        }
    };

    replicas.redis.freeze();
    for client in &clients {
        for _ in 0..50 {
            ask(client, &fast).expect(200);
        }
        uses_redis(client, false);
    }
    // Each remembers the one that it let through while Redis counted.
    limits_alone(&clients, &frozen, 4);
    down_since(&[0, 0]);
    replicas.redis.thaw();
    for client in &clients {
        uses_redis(client, true);
    }
    // Redis remembers what was used before.
    assert_eq!(left(&clients[0], &frozen), 2);
    assert_eq!(left(&clients[1], &frozen), 1);

    replicas.redis.kill();
    for client in &clients {
        uses_redis(client, false);
    }
    limits_alone(&clients, &gone, 5);
    replicas.redis.start_again();
    for client in &clients {
        uses_redis(client, true);
    }
    assert_eq!(left(&clients[0], &back), 4);
    assert_eq!(left(&clients[1], &back), 3);
    for gateway in &replicas.gateways {
        let log = gateway.log();
        assert_eq!(log.matches("Redis is down").count(), 2, "{log}");
        assert!(!log.contains("between-gateways"), "the log shows a password: {log}");
    }
}

/// Asserts that keys of the store are refused soon, and `R4_API_KEY` is not.
#[track_caller]
fn fails_closed(clients: &[Client], key: &str, since: Instant) {
    for client in clients {
        wait_for("a stored key is taken for ever", seconds(6), || {
            let answer = ask(client, key);
            if answer.status == 200 {
                return None;
            }
            assert_eq!(problem(&answer, 503).0, "keys-unavailable");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            Some(())
        });
        assert!(since.elapsed() < Duration::from_millis(4500), "{:?}", since.elapsed());
        ask(client, KEY).expect(200);
    }
    println!("stored keys are refused after {:?}", since.elapsed());
}

#[track_caller]
fn heals(clients: &[Client], key: &str) {
    let since = Instant::now();
    for client in clients {
        wait_for("a stored key is never taken again", seconds(10), || {
            (ask(client, key).status == 200).then_some(())
        });
    }
    println!("stored keys are taken again after {:?}", since.elapsed());
}

#[test]
fn without_the_database_stored_keys_are_refused() {
    if skips_processes() {
        return;
    }
    let mut replicas = Replicas::start();
    let clients = replicas.clients();
    let key = replicas.create_fast("stored", None);

    replicas.postgres.kill();
    fails_closed(&clients, &key, Instant::now());
    assert_eq!(problem(&replicas.admin(0, "/admin/v1/keys", None), 503).0, "store-unavailable");
    replicas.postgres.start_again();
    heals(&clients, &key);

    replicas.postgres.freeze();
    fails_closed(&clients, &key, Instant::now());
    replicas.postgres.thaw();
    heals(&clients, &key);
    let usage = clients[1].send(&Request::get("/v1/usage").key(&key)).expect(200);
    assert_eq!(usage.json()["key"]["name"], "stored");
    for gateway in &replicas.gateways {
        let log = gateway.log();
        assert!(!log.contains("between-gateways"), "the log shows a password: {log}");
    }
}

#[test]
fn without_the_database_a_gateway_starts_and_takes_no_stored_key() {
    if skips_processes() {
        return;
    }
    let replicas = Replicas::start();
    let key = replicas.create_fast("stored", None);
    let url = "postgres://r4:between-gateways-alone@127.0.0.1:9/r4";
    let gateway = gateway(NOWHERE, NOWHERE, &[("R4_DATABASE_URL", url)]);
    let client = gateway.client();
    assert_eq!(problem(&ask(&client, &key), 503).0, "keys-unavailable");
    let usage = client.send(&Request::get("/v1/limits").key(KEY)).expect(200);
    assert!(usage.json()["key"].is_object(), "R4_API_KEY needs no store");
    let log = gateway.log();
    assert!(log.contains("the database does not answer"), "{log}");
    assert!(!log.contains("between-gateways"), "the log shows a password: {log}");
}
