//! Two gateways in front of one node, which share a real Redis and a real PostgreSQL.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, Request};
use super::node::{Node, UNLIMITED, gateway};
use super::process::Service;
use super::servers::{Server, free_address};
use super::wire::Response;
use super::{seconds, wait_for};

/// Token of the admin APIs.
const TOKEN: &str = "token-of-the-test-0123456789";

/// The gateways and what they share. Fields end in this order.
pub(crate) struct Replicas {
    pub(crate) gateways: Vec<Service>,
    /// Their admin APIs.
    admins: Vec<Client>,
    pub(crate) redis: Server,
    pub(crate) postgres: Server,
    _node: Arc<Node>,
}

impl Replicas {
    /// Starts all, and waits until the gateways are ready and use Redis.
    #[track_caller]
    pub(crate) fn start() -> Self {
        let (node, redis, postgres) = (Node::shared(), Server::redis(), Server::postgres());
        let start = |_| {
            let admin = free_address();
            let port = admin.port().to_string();
            let own = [
                ("R4_REDIS_URL", redis.url()),
                ("R4_DATABASE_URL", postgres.url()),
                ("R4_ADMIN_PORT", &port),
                ("R4_ADMIN_TOKEN", TOKEN),
            ];
            let env = [UNLIMITED, &own].concat();
            let gateway = gateway(&node.core.url(), &node.vrf.url(), &env).ready();
            (gateway, Client::new(&format!("http://{admin}")))
        };
        // Both find the database empty.
        let (gateways, admins) = all_at_once(2, start).into_iter().unzip();
        let replicas = Self { gateways, admins, redis, postgres, _node: node };
        for client in replicas.clients() {
            uses_redis(&client, true);
        }
        replicas
    }

    /// Returns a client of each gateway.
    pub(crate) fn clients(&self) -> Vec<Client> {
        self.gateways.iter().map(Service::client).collect()
    }

    /// Asks the admin API of a replica; a `body` is posted.
    #[track_caller]
    pub(crate) fn admin(&self, replica: usize, path: &str, body: Option<&Value>) -> Response {
        let request = match body {
            Some(body) => Request::post(path, body.to_string()),
            None => Request::get(path),
        };
        let request = request.with("Authorization", &format!("Bearer {TOKEN}"));
        self.admins[replica].once(&request).unwrap_or_else(|e| panic!("{path}: {e:?}"))
    }

    /// Makes a key at the first replica, and waits until both know it; it is not used for that.
    #[track_caller]
    pub(crate) fn create(&self, order: &Value) -> String {
        let key = self.order(order);
        let name = order["name"].as_str().expect("a name");
        let next = self.order(&json!({"name": format!("next-to-{name}")}));
        for client in self.clients() {
            // Changes come in order.
            let asked = Request::get("/v1/limits").key(&next);
            wait_for("a new key is not known", seconds(5), || {
                (client.once(&asked).ok()?.status == 200).then_some(())
            });
        }
        key
    }

    #[track_caller]
    fn order(&self, order: &Value) -> String {
        let made = self.admin(0, "/admin/v1/keys", Some(order)).expect(201).json();
        made["key"].as_str().expect("a key").to_owned()
    }

    /// As [`Self::create`], for a key whose rate no test meets.
    #[track_caller]
    pub(crate) fn create_fast(&self, name: &str, quota: Option<&str>) -> String {
        let mut order = json!({"name": name, "rate": "100000/s"});
        if let Some(quota) = quota {
            order["quota"] = quota.into();
        }
        self.create(&order)
    }

    /// Returns the path of the admin API's token, in a file of its own.
    pub(crate) fn token_file() -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), TOKEN).expect("written");
        file
    }

    /// Returns the address of a replica's admin API.
    pub(crate) fn admin_url(&self, replica: usize) -> String {
        match &self.admins[replica] {
            Client::Plain { host, .. } => format!("http://{host}"),
            Client::Tls(url) => url.clone(),
        }
    }
}

/// Waits until a gateway says in its metrics whether Redis answers.
#[track_caller]
pub(crate) fn uses_redis(gateway: &Client, up: bool) {
    let line = format!("\nr4_gateway_redis_up {}\n", u8::from(up));
    wait_for(&format!("no {line:?} in the metrics"), seconds(6), || {
        gateway.get("/metrics").text().contains(&line).then_some(())
    });
}

/// Sends requests at a steady pace, whatever comes back and however late: `each_second` of them for
/// the time `lasting`, the numbers from 0 shared out among as many threads as it takes. Returns what
/// came back, with the time at which it was asked for.
pub(crate) fn at_a_steady_pace<T: Send>(
    each_second: u32,
    lasting: Duration,
    send: impl Fn(u32) -> T + Sync,
) -> Vec<(Duration, T)> {
    const THREADS: u32 = 16;
    let all = u32::try_from(lasting.as_millis()).expect("short") * each_second / 1000;
    let started = Instant::now();
    thread::scope(|scope| {
        let send = &send;
        let asking: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let mut answers = Vec::new();
                    for number in (thread..all).step_by(THREADS as usize) {
                        let due = seconds(1) * number / each_second;
                        thread::sleep(due.saturating_sub(started.elapsed()));
                        let asked = started.elapsed();
                        answers.push((asked, send(number)));
                    }
                    answers
                })
            })
            .collect();
        asking.into_iter().flat_map(|thread| thread.join().expect("a client has failed")).collect()
    })
}

/// Lets `count` clients do the same thing at once; returns what each got.
pub(crate) fn all_at_once<T: Send>(count: usize, ask: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = std::sync::Barrier::new(count);
    thread::scope(|scope| {
        let (start, ask) = (&start, &ask);
        let client = |number| {
            scope.spawn(move || {
                start.wait();
                ask(number)
            })
        };
        let asking: Vec<_> = (0..count).map(client).collect();
        asking.into_iter().map(|thread| thread.join().expect("a client has failed")).collect()
    })
}
