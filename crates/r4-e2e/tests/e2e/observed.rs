//! What the services tell of themselves: log lines, traces and metrics, and what stands in none.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::harness::build::workspace;
use crate::harness::client::{Client, Request};
use crate::harness::collector::{Collector, Span};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, NOWHERE, Node, UNLIMITED};
use crate::harness::process::Service;
use crate::harness::servers::{Server, free_address};
use crate::harness::{seconds, wait_for};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const JSON: (&str, &str) = ("R4_LOG_FORMAT", "json");

fn services(node: &Node) -> [&Service; 3] {
    [&node.gateway, &node.vrf, &node.core]
}

/// Returns the lines of a log, each of which must be an object of JSON.
#[track_caller]
fn lines(service: &Service) -> Vec<Value> {
    let log = service.log();
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    let line = |text: &str| serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    whole.lines().map(line).collect()
}

/// Waits for the line of a request, and returns it.
#[track_caller]
fn line_of(service: &Service, id: &str) -> Value {
    wait_for(&format!("{id} is not in the log"), seconds(5), || {
        let found = |line: &Value| line["request_id"] == id && line["message"] == "request";
        lines(service).into_iter().find(found)
    })
}

/// Returns what stands in backquotes in the first column of the tables of a document.
fn named_in(file: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(workspace().join(file)).expect(file);
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let firsts = rows.filter_map(|row| row.split(" |").next());
    let names = firsts.flat_map(|first| first.split("`, `"));
    names.map(|name| name.trim_matches('`').to_owned()).collect()
}

#[test]
fn one_id_and_one_trace_lead_through_all_services() {
    if skips_processes() {
        return;
    }
    let collector = Collector::start();
    let env = [JSON, ("R4_OTLP_ENDPOINT", collector.url.as_str())];
    let node = Node::start(&[UNLIMITED, &env].concat());
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let request = Request::get("/v1/random_dual?n=32").key(KEY);
    let request = request.with("X-Request-Id", "one-id-for-all").with("Traceparent", &parent);
    node.gateway.client().send(&request).expect(200);
    let told = services(&node).map(|service| line_of(service, "one-id-for-all"));
    let routes = ["/v1/random_dual", "/random_dual", "/random"];
    for (line, (route, name)) in
        told.iter().zip(routes.iter().zip(["r4-gateway", "r4-vrf", "r4-core"]))
    {
        assert_eq!((&line["service"], &line["route"]), (&json!(name), &json!(route)), "{line}");
        assert_eq!((&line["method"], &line["status"]), (&json!("GET"), &json!(200)), "{line}");
        assert!(line["duration_us"].as_u64().is_some_and(|us| us > 0), "{line}");
        assert_eq!(line["trace_id"], TRACE, "{line}");
    }
    assert_eq!(told[0]["key"], "default", "{}", told[0]);

    let spans = collector.trace(TRACE, 5);
    let span = |service: &str, name: &str| -> Span {
        let found = spans.iter().find(|span| span.service == service && span.name == name);
        found.unwrap_or_else(|| panic!("{service} {name}: {spans:?}")).clone()
    };
    let chain = [
        span("r4-gateway", "GET /v1/random_dual"),
        span("r4-gateway", "GET r4-vrf"),
        span("r4-vrf", "GET /random_dual"),
        span("r4-vrf", "GET r4-core"),
        span("r4-core", "GET /random"),
    ];
    assert_eq!((spans.len(), chain[0].parent.as_str()), (5, "00f067aa0ba902b7"), "{spans:?}");
    for pair in chain.windows(2) {
        assert_eq!(pair[1].parent, pair[0].id, "{spans:?}");
    }
    for (line, span) in told.iter().zip([&chain[0], &chain[2], &chain[4]]) {
        assert_eq!(line["span_id"], span.id.as_str(), "{line}");
    }

    // Without a caller's trace, the node begins one of its own.
    let request = Request::get("/v1/random?n=8").key(KEY).with("X-Request-Id", "a-trace-of-ours");
    node.gateway.client().send(&request).expect(200);
    let line = line_of(&node.gateway, "a-trace-of-ours");
    let trace = line["trace_id"].as_str().expect("a trace");
    let spans = collector.trace(trace, 3);
    assert!(spans.iter().any(|span| span.parent.is_empty() && span.service == "r4-gateway"));
}

#[test]
fn what_waits_is_sent_at_a_stop_and_a_dead_collector_holds_nothing_up() {
    if skips_processes() {
        return;
    }
    let collector = Collector::start();
    for url in [collector.url.as_str(), NOWHERE] {
        let env = [("API_KEY", "demo"), ("R4_OTLP_ENDPOINT", url)];
        let mut core = Service::start("r4-core", &["--dev"], &env);
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let request = Request::get("/random?n=8").key("demo").with("Traceparent", &parent);
        core.client().send(&request).expect(200);
        let begun = std::time::Instant::now();
        core.signal(rustix::process::Signal::TERM);
        assert_eq!(core.wait_exit(seconds(3)).code(), Some(0));
        assert!(begun.elapsed() < seconds(2), "{:?}", begun.elapsed());
    }
    assert_eq!(collector.trace(TRACE, 1).len(), 1);
}

#[test]
fn every_line_is_a_flat_object_whose_fields_are_known() {
    if skips_processes() {
        return;
    }
    let node = Node::start(&[UNLIMITED, &[JSON]].concat());
    let known = named_in("docs/LOGGING.md");
    let gateway = node.gateway.client();
    gateway.send(&Request::get("/v1/vrf").key(KEY)).expect(200);
    gateway.send(&Request::get("/v1/random?n=8").key("not-the-key")).expect(401);
    node.core.client().send(&Request::get("/random?n=1000000").key(KEY)).expect(200);
    node.vrf.client().send(&Request::post("/verify", "{}")).expect(400);
    for service in services(&node) {
        let lines = lines(service);
        assert!(!lines.is_empty());
        for line in lines {
            let fields = line.as_object().expect("an object");
            for must in ["timestamp", "level", "service", "target", "message"] {
                assert!(fields[must].is_string(), "{must}: {line}");
            }
            for (name, value) in fields {
                assert!(known.contains(name), "docs/LOGGING.md does not tell of {name}: {line}");
                assert!(!value.is_object() && !value.is_array(), "{line}");
            }
        }
    }
}

#[test]
fn every_metric_is_explained_and_listed() {
    if skips_processes() {
        return;
    }
    let (collector, redis, postgres) = (Collector::start(), Server::redis(), Server::postgres());
    let env = [
        ("R4_OTLP_ENDPOINT", collector.url.as_str()),
        ("R4_REDIS_URL", redis.url()),
        ("R4_DATABASE_URL", postgres.url()),
    ];
    let node = Node::start(&[UNLIMITED, &env].concat());
    let document =
        fs::read_to_string(workspace().join("docs/metrics.md")).expect("docs/metrics.md");
    let gateway = node.gateway.client();
    for path in ["/v1/vrf", "/v1/random?n=8", "/v1/random_dual?n=16", "/v1/usage", "/v1/nothing"] {
        gateway.send(&Request::get(path).key(KEY));
    }
    let mut names = BTreeSet::new();
    for service in services(&node) {
        let metrics = service.client().get("/metrics").expect(200);
        let shown = Shown::all(metrics.text());
        assert!(shown.len() > 25, "{shown:?}");
        names.extend(shown.iter().map(|metric| metric.name.clone()));
        for Shown { name, kind, labels } in shown {
            let help = format!("# HELP {name} ");
            assert!(metrics.text().lines().any(|l| l.starts_with(&help)), "{name} has no help");
            let row = format!("| `{name}` | {kind} | ");
            let row = document.lines().find_map(|line| line.strip_prefix(row.as_str()));
            let row = row.unwrap_or_else(|| panic!("docs/metrics.md does not list {name}, {kind}"));
            let listed = row.trim_start_matches("| ").split(" |").next().unwrap_or_default();
            let listed = listed.split(", ").map(|label| label.trim_matches('`'));
            let listed: BTreeSet<&str> = listed.filter(|_| !row.starts_with('|')).collect();
            let labels: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
            assert_eq!(labels, listed, "labels of {name}: shown, listed");
        }
    }
    // Listed and not shown is what did not happen.
    let is_name = |name: &String| name.starts_with("r4_") && !name.contains(['{', ' ']);
    let listed = named_in("docs/metrics.md").into_iter().filter(is_name);
    let missing: Vec<String> = listed.filter(|name| !names.contains(name)).collect();
    assert_eq!(missing, ["r4_gateway_admin_refused_total", "r4_gateway_rate_limited_total"]);
}

/// A metric as `/metrics` shows it.
#[derive(Debug)]
struct Shown {
    name: String,
    kind: String,
    labels: BTreeSet<String>,
}

impl Shown {
    fn all(text: &str) -> Vec<Self> {
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let named = types.map(|line| line.split_once(' ').expect("a name and a type"));
        let metric = |(name, kind): (&str, &str)| {
            let samples = text.lines().filter(|line| {
                let of = line.split(['{', ' ']).next().unwrap_or_default();
                let part = of.strip_prefix(name);
                part.is_some_and(|p| ["", "_bucket", "_sum", "_count"].contains(&p))
            });
            let labels = samples.flat_map(|line| {
                let inside = line.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}'));
                let pairs = inside.map_or("", |(inside, _)| inside).split("\",");
                let labels = pairs.filter_map(|pair| Some(pair.split_once('=')?.0));
                labels.filter(|label| *label != "le").map(str::to_owned).collect::<Vec<_>>()
            });
            Self { name: name.to_owned(), kind: kind.to_owned(), labels: labels.collect() }
        };
        named.map(metric).collect()
    }
}

/// Sends a secret in each place of a request that a caller can write to.
fn send_everywhere(client: &Client, path: &str, secret: &str) {
    let with = |name: &str| Request::get(path).with(name, secret);
    for name in [
        "X-API-Key",
        "X-Request-Id",
        "Traceparent",
        "Tracestate",
        "Authorization",
        "Cookie",
        "User-Agent",
        "Referer",
        "Origin",
        "Idempotency-Key",
        "X-Forwarded-For",
        secret,
    ] {
        let _any = client.once(&with(name));
    }
    let valid = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let _any = client.once(&with("Tracestate").with("Traceparent", &valid));
    for request in [
        Request::get(&format!("{path}?key={secret}")),
        Request::get(&format!("{path}?alpha={secret}&{secret}={secret}")),
        Request::get(&format!("{path}/{secret}")),
        Request::get(&format!("/{secret}")),
        Request::new(secret, path),
        Request::post(path, secret).key(KEY),
        Request::post(path, format!(r#"{{"alpha":"{secret}","{secret}":1}}"#)).key(KEY),
        Request::post(path, r#"{"kind":"shuffle"}"#).with("Content-Type", secret),
    ] {
        let _any = client.once(&request);
    }
}

/// Text that a caller writes, with signs that no id of a request may have.
const SECRET: &str = "s3cret_of-a-caller_1f9c0a";
/// A key that nobody made.
const LIVE: &str = "r4_live_0123456789abcdefghijklmnopqrstuvwxyz";
const ACCEPTED: &str = "an-accepted-key-of-a-caller";
const INTERNAL: &str = "a-key-between-the-services";
const ADMIN_TOKEN: &str = "a-token-of-the-admin-api";
const ADDRESS: &str = "203.0.113.77";
const ALPHA: &str = "5ec4e7a1fa0123456789";
/// The last request, after which the logs are read.
const LAST: &str = "the-last-of-all";

/// Makes a key, and uses it when the gateway knows it.
fn use_new_key(admin: &Client, gateway: &Client) -> String {
    let order = json!({"name": "alice", "rate": "1000/s", "quota": "100000/month"}).to_string();
    let order = Request::post("/admin/v1/keys", order);
    let made = admin.send(&order.with("Authorization", &format!("Bearer {ADMIN_TOKEN}")));
    let key = made.expect(201).json()["key"].as_str().expect("a key").to_owned();
    let request = Request::get("/v1/random?n=16").key(&key).with("X-Request-Id", "one-of-alice");
    wait_for("the new key is not known", seconds(5), || {
        (gateway.send(&request).status == 200).then_some(())
    });
    key
}

/// Asks for what goes well, and returns what must not be told of it.
fn use_all(gateway: &Client) -> Vec<String> {
    let signed = |request: Request| {
        request.key(ACCEPTED).with("X-Forwarded-For", ADDRESS).with("X-Request-Id", LAST)
    };
    let ask = |path: &str| gateway.send(&signed(Request::get(path))).expect(200);
    let draw = json!({"kind": "winners", "k": 1, "participants": ["anna-secret", "otto-secret"],
        "label": "a-label-of-a-caller"});
    let draw = signed(Request::post("/v1/draws", draw.to_string()));
    let draw = gateway.send(&draw.with("Idempotency-Key", "an-idempotency-key")).expect(200);
    let receipt = ask(&format!("/v1/vrf?alpha={ALPHA}")).json();
    let hex = ask("/v1/random?n=32&fmt=hex");
    let attested = ask("/v1/random_dual?n=32").json();
    let bare = |value: &Value| value.as_str().expect("hex").trim_start_matches("0x").to_owned();
    let given = [
        bare(&draw.json()["receipt"]["random"]),
        bare(&receipt["random"]),
        bare(&attested["bytes"]),
        hex.text().trim().to_owned(),
    ];
    let asked = ["anna-secret", "otto-secret", "a-label-of-a-caller", "an-idempotency-key", ALPHA];
    given.into_iter().chain(asked.map(str::to_owned)).collect()
}

#[test]
fn what_is_secret_is_written_nowhere() {
    if skips_processes() {
        return;
    }
    let (collector, redis, postgres) = (Collector::start(), Server::redis(), Server::postgres());
    let admin = free_address();
    let port = admin.port().to_string();
    let env = [
        JSON,
        ("R4_LOG_LEVEL", "trace"),
        ("R4_OTLP_ENDPOINT", collector.url.as_str()),
        ("R4_API_KEY", ACCEPTED),
        ("R4_INTERNAL_KEY", INTERNAL),
        ("R4_TRUSTED_PROXIES", "127.0.0.1"),
        ("R4_REDIS_URL", redis.url()),
        ("R4_DATABASE_URL", postgres.url()),
        ("R4_ADMIN_PORT", &port),
        ("R4_ADMIN_TOKEN", ADMIN_TOKEN),
    ];
    let node = Node::start(&[UNLIMITED, &env].concat());
    let paths: [&[&str]; 3] = [
        &["/v1/random", "/v1/vrf", "/v1/verify", "/v1/draws", "/v1/receipts", "/v1/log/tile"],
        &["/vrf", "/random_dual", "/verify", "/receipts", "/log/tile"],
        &["/random", "/selftest"],
    ];
    for (service, paths) in services(&node).into_iter().zip(paths) {
        for path in paths {
            send_everywhere(&service.client(), path, SECRET);
            send_everywhere(&service.client(), path, LIVE);
        }
    }
    let (admin, gateway) = (Client::new(&format!("http://{admin}")), node.gateway.client());
    send_everywhere(&admin, "/admin/v1/keys", SECRET);
    let mut secrets = use_all(&gateway);
    secrets.push(use_new_key(&admin, &gateway));
    let password = |url: &str| url.split(['@', ':']).nth(2).expect("a password").to_owned();
    secrets.extend([password(redis.url()), password(postgres.url())]);
    secrets.extend([SECRET, LIVE, ACCEPTED, INTERNAL, ADMIN_TOKEN, ADDRESS].map(str::to_owned));

    assert_eq!(line_of(&node.gateway, "one-of-alice")["key"], "alice");
    for service in services(&node) {
        line_of(service, LAST);
        let (log, metrics) = (service.log(), service.client().get("/metrics").expect(200));
        assert!(log.contains("TRACE") || log.contains("DEBUG"), "the level is not set");
        hides(&log, &secrets);
        hides(metrics.text(), &secrets);
    }
    wait_for("the last span does not come", seconds(5), || {
        collector.text().contains(LAST).then_some(())
    });
    hides(&collector.text(), &secrets);
}

/// Asserts that none of `secrets` is in `text`; shows the line that has one.
#[track_caller]
fn hides(text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(secret.len() >= 10, "{secret:?} is found by chance");
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
