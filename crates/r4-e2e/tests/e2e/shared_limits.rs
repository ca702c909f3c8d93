//! Two replicas with a Redis and a PostgreSQL between them are one gateway: rates, quotas, keys.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::process::Service;
use crate::harness::r4::r4;
use crate::harness::replicas::{Replicas, all_at_once, at_a_steady_pace, uses_redis};
use crate::harness::target::problem;
use crate::harness::wire::Response;
use crate::harness::{seconds, wait_for};

/// A request that costs one unit.
fn one_unit(key: &str) -> Request {
    Request::get("/v1/random?n=8").key(key)
}

#[track_caller]
fn status(client: &Client, request: &Request) -> u16 {
    client.once(request).unwrap_or_else(|e| panic!("{e:?}")).status
}

#[test]
fn a_key_has_one_rate_over_both() {
    if skips_processes() {
        return;
    }
    let replicas = Replicas::start();
    let down = || {
        let logs = replicas.gateways.iter().map(Service::log);
        logs.map(|log| log.matches("Redis is down").count()).sum::<usize>()
    };
    for attempt in 0..4 {
        let before = down();
        let key = replicas.create(&json!({"name": format!("steady-{attempt}"), "rate": "50/s"}));
        let passed = passed_in_eight_seconds(&replicas.clients(), &one_unit(&key));
        // On a machine that is too busy Redis is late, and each replica limits alone for a second.
        if down() == before {
            println!("{} requests a second of 50", f64::from(passed) / 8.0);
            assert!((380..=420).contains(&passed), "{passed} in 8 s at 50/s");
            return;
        }
        for client in replicas.clients() {
            uses_redis(&client, true);
        }
    }
    panic!("this machine is too busy: Redis does not answer within 50 ms");
}

/// Asks 125 times a second, and counts what passes when what may come at once is used up.
fn passed_in_eight_seconds(clients: &[Client], request: &Request) -> u32 {
    let send = |number: u32| status(&clients[number as usize % 2], request);
    let answers = at_a_steady_pace(125, seconds(10), send);
    assert!(answers.iter().all(|(_, status)| [200, 429].contains(status)), "{answers:?}");
    let (from, to) = (seconds(2), seconds(10));
    let passed = answers.iter().filter(|(at, status)| *status == 200 && (from..to).contains(at));
    u32::try_from(passed.count()).unwrap()
}

#[test]
fn a_revoked_key_is_refused_by_both_within_a_second() {
    if skips_processes() {
        return;
    }
    let replicas = Replicas::start();
    for (replica, name) in ["first", "second"].into_iter().enumerate() {
        let key = replicas.create_fast(name, None);
        let (clients, request) = (replicas.clients(), one_unit(&key));
        let over = AtomicBool::new(false);
        let watch = |client: &Client| {
            let mut last_good = None;
            while !over.load(Ordering::Relaxed) {
                let answer = client.once(&request).expect("an answer");
                match answer.status {
                    200 => last_good = Some(Instant::now()),
                    _ => assert_eq!(problem(&answer, 401).0, "revoked-api-key"),
                }
                thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(status(client, &request), 401, "it is still good");
            last_good.expect("it was good once")
        };
        thread::scope(|scope| {
            let watching: Vec<_> = clients.iter().map(|c| scope.spawn(|| watch(c))).collect();
            thread::sleep(Duration::from_millis(300));
            let path = format!("/admin/v1/keys/{name}/revoke");
            let asked = Instant::now();
            replicas.admin(replica, &path, Some(&json!({}))).expect(200);
            thread::sleep(seconds(2));
            over.store(true, Ordering::Relaxed);
            for (number, watching) in watching.into_iter().enumerate() {
                let late = watching.join().expect("watched").saturating_duration_since(asked);
                println!("revoked at replica {replica}, good at replica {number} for {late:?}");
                assert!(late < seconds(1), "replica {number} took it for {late:?}");
            }
        });
    }
}

#[test]
fn the_last_unit_of_a_quota_is_given_once() {
    if skips_processes() {
        return;
    }
    let replicas = Replicas::start();
    let clients = replicas.clients();
    for round in 0..10 {
        let key = replicas.create_fast(&format!("small-{round}"), Some("3/month"));
        let request = one_unit(&key);
        for client in &clients {
            assert_eq!(status(client, &request), 200, "round {round}");
        }
        let answers = all_at_once(20, |number| clients[number % 2].once(&request).unwrap());
        let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 200);
        assert_eq!(good.len(), 1, "round {round}: {good:?}");
        for refused in &bad {
            assert_eq!(problem(refused, 429).0, "quota-exceeded");
            assert!(refused.header("retry-after").is_some(), "{refused:?}");
        }
    }
}

#[test]
fn a_quota_is_spent_to_its_last_unit_and_no_further() {
    const QUOTA: usize = 700;
    if skips_processes() {
        return;
    }
    let replicas = Replicas::start();
    let key = replicas.create_fast("larger", Some(&format!("{QUOTA}/month")));
    let (clients, request) = (replicas.clients(), one_unit(&key));
    // Units that one replica holds come back to all when it does not use them.
    let spend = |number: usize| {
        let (mut good, mut last) = (0, Instant::now());
        while last.elapsed() < seconds(5) {
            if status(&clients[number % 2], &request) == 200 {
                (good, last) = (good + 1, Instant::now());
            } else {
                thread::sleep(Duration::from_millis(50));
            }
        }
        good
    };
    let good: usize = all_at_once(20, spend).into_iter().sum();
    assert_eq!(good, QUOTA);
}

#[test]
fn a_killed_replica_costs_no_request_after_a_retry() {
    if skips_processes() {
        return;
    }
    let mut replicas = Replicas::start();
    let key = replicas.create_fast("killed", None);
    let (clients, request) = (replicas.clients(), one_unit(&key));
    let (over, killed) = (AtomicBool::new(false), AtomicBool::new(false));
    let ask = |number: usize| {
        let (mut after, mut retried) = (0, 0);
        for turn in number.. {
            if over.load(Ordering::Relaxed) {
                break;
            }
            let dead = killed.load(Ordering::Relaxed);
            let answer = clients[turn % 2].once(&request).or_else(|_| {
                retried += 1;
                clients[(turn + 1) % 2].once(&request)
            });
            answer.expect("an answer of one of the two").expect(200);
            after += usize::from(dead);
        }
        (after, retried)
    };
    let victim = replicas.gateways.pop().expect("two");
    let counts = thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|number| scope.spawn(move || ask(number))).collect();
        thread::sleep(seconds(1));
        victim.kill();
        killed.store(true, Ordering::Relaxed);
        thread::sleep(seconds(2));
        over.store(true, Ordering::Relaxed);
        asking.into_iter().map(|thread| thread.join().expect("no client fails")).collect::<Vec<_>>()
    });
    let after: usize = counts.iter().map(|(after, _)| after).sum();
    let retried: usize = counts.iter().map(|(_, retried)| retried).sum();
    println!("{after} answers after the kill, {retried} requests repeated");
    assert!(after > 50 && retried > 8, "{counts:?}");
}

#[test]
fn usage_adds_up() {
    if skips_processes() {
        return;
    }
    let replicas = Replicas::start();
    let key = replicas.create_fast("counted", Some("1000/month"));
    let clients = replicas.clients();
    for client in &clients {
        for _ in 0..7 {
            assert_eq!(status(client, &one_unit(&key)), 200);
        }
        assert_eq!(status(client, &Request::get("/v1/vrf?alpha=ab").key(&key)), 200);
    }
    let usage = Request::get("/v1/usage").key(&key);
    for client in &clients {
        wait_for("the usage of both never adds up", seconds(6), || {
            let told = client.send(&usage).expect(200).json();
            let days = told["days"].as_array().expect("days").clone();
            let sum = |route: &str, field: &str| -> u64 {
                let of_route = days.iter().filter(|day| day["route"] == route);
                of_route.map(|day| day[field].as_u64().expect("a number")).sum()
            };
            let random = (sum("/v1/random", "requests"), sum("/v1/random", "units"));
            let vrf = (sum("/v1/vrf", "requests"), sum("/v1/vrf", "units"));
            (random == (14, 14) && vrf == (2, 10)).then_some(())
        });
    }
    wait_for("units that nobody uses are not given back", seconds(8), || {
        let quota = clients[0].send(&usage).expect(200).json()["quota"].clone();
        // Asking for the usage costs a unit each time.
        let used = quota["used"].as_u64().expect("a number");
        (quota["left"].as_u64() == Some(1000 - used) && (24..100).contains(&used)).then_some(())
    });
}

#[test]
fn a_draw_asked_of_both_at_once_is_drawn_once() {
    if skips_processes() {
        return;
    }
    let replicas = Replicas::start();
    let key = replicas.create_fast("drawn", None);
    let clients = replicas.clients();
    for round in 0..5 {
        let name = format!("draw-{round}");
        let order = r#"{"kind":"dice","count":3}"#;
        let request = Request::post("/v1/draws", order).key(&key).with("Idempotency-Key", &name);
        let answers = all_at_once(12, |number| clients[number % 2].once(&request).unwrap());
        let mut ids = BTreeSet::new();
        let mut note = |answer: &Response| {
            ids.insert(answer.json()["id"].as_str().expect("an id").to_owned());
        };
        for answer in &answers {
            match answer.status {
                200 => note(answer),
                _ => assert_eq!(problem(answer, 409).0, "idempotency-in-progress"),
            }
        }
        for client in &clients {
            note(&client.once(&request).unwrap().expect(200));
        }
        assert_eq!(ids.len(), 1, "round {round}: {ids:?}");
        let other = Request::post("/v1/draws", r#"{"kind":"dice","count":4}"#);
        let other = other.key(&key).with("Idempotency-Key", &name);
        let refused = clients[round % 2].once(&other).unwrap();
        assert_eq!(problem(&refused, 422).0, "idempotency-mismatch");
    }
}

#[test]
fn both_write_one_audit_trail() {
    if skips_processes() {
        return;
    }
    let replicas = Replicas::start();
    all_at_once(4, |client| {
        for number in 0..4 {
            let order = json!({"name": format!("key-{}", 4 * client + number)});
            replicas.admin(client % 2, "/admin/v1/keys", Some(&order)).expect(201);
        }
    });
    let token = Replicas::token_file();
    let token = token.path().to_str().unwrap();
    for replica in 0..2 {
        let rows = replicas.admin(replica, "/admin/v1/audit", None).expect(200).json();
        let rows = rows["rows"].as_array().expect("rows").clone();
        let numbers: Vec<u64> = rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=16).collect::<Vec<u64>>());
        let names: BTreeSet<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), 16);
        let url = replicas.admin_url(replica);
        let args = ["keys", "audit", "--admin", &url, "--token-file", token];
        let said = r4(&args, b"");
        assert_eq!(said.code, 0, "{said:?}");
    }
    // A name is taken for both.
    let order = json!({"name": "key-3"});
    let refused = replicas.admin(1, "/admin/v1/keys", Some(&order));
    assert_eq!(problem(&refused, 409).0, "name-taken");
}
