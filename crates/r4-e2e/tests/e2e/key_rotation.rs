//! API key and internal key are replaced while clients ask, as docs/secrets.md says: with overlap,
//! without a restart, and without a request that fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::harness::client::Request;
use crate::harness::external::skips_processes;
use crate::harness::node::{Node, UNLIMITED};
use crate::harness::process::Service;
use crate::harness::{seconds, wait_for};

const OLD: &str = "old-key-0123456789abcdef";
const NEW: &str = "new-key-0123456789abcdef";
const OLD_INTERNAL: &str = "old-internal-0123456789abcdef";
const NEW_INTERNAL: &str = "new-internal-0123456789abcdef";
/// Through one, two and three services.
const PATHS: [&str; 3] = ["/v1/random?n=16", "/v1/vrf?sig=ecdsa", "/v1/random_dual?n=16"];

/// A node whose keys are in files.
struct Keyed {
    node: Node,
    files: Files,
}

struct Files {
    _folder: TempDir,
    api: PathBuf,
    internal: PathBuf,
}

impl Keyed {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (api, internal) = (folder.path().join("api.key"), folder.path().join("internal.key"));
        let files = Files { _folder: folder, api, internal };
        files.write(&[OLD], &[OLD_INTERNAL]);
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let (api, internal) = (path(&files.api), path(&files.internal));
        let keys =
            [("R4_API_KEY", ""), ("R4_API_KEY_FILE", &*api), ("R4_INTERNAL_KEY_FILE", &*internal)];
        let node = Node::start(&[UNLIMITED, &keys].concat());
        Self { node, files }
    }

    /// The services, those that others ask before those that ask them.
    fn services(&self) -> [&Service; 3] {
        [&self.node.core, &self.node.vrf, &self.node.gateway]
    }

    fn status(&self, key: &str) -> [u16; 3] {
        let [core, vrf, gateway] = self.services();
        let asked = [(core, "/random?n=1"), (vrf, "/vrf?sig=ecdsa"), (gateway, PATHS[0])];
        asked.map(|(service, path)| service.client().send(&Request::get(path).key(key)).status)
    }
}

impl Files {
    fn write(&self, api: &[&str], internal: &[&str]) {
        fs::write(&self.api, api.join("\n")).unwrap();
        fs::write(&self.internal, internal.join("\n")).unwrap();
    }
}

/// Lets a service read its keys again, and waits until it says what became of it.
fn hang_up(service: &Service, outcome: &str) {
    let told = || service.log().matches(outcome).count();
    let before = told();
    service.signal(Signal::HUP);
    wait_for("the keys are not read again", seconds(10), || (told() > before).then_some(()));
}

#[test]
fn keys_are_replaced_under_load_and_no_request_fails() {
    if skips_processes() {
        return;
    }
    let keyed = Keyed::start();
    let (key, over, turn) = (Mutex::new(OLD), AtomicBool::new(false), AtomicUsize::new(0));
    let client = || {
        let (client, mut answered) = (keyed.node.gateway.client(), 0_usize);
        while !over.load(Ordering::Relaxed) {
            let path = PATHS[turn.fetch_add(1, Ordering::Relaxed) % PATHS.len()];
            let key = *key.lock().unwrap();
            client.send(&Request::get(path).key(key)).expect(200);
            answered += 1;
        }
        answered
    };
    let answered: usize = thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        let pause = || thread::sleep(Duration::from_millis(300));
        pause();
        keyed.files.write(&[NEW, OLD], &[NEW_INTERNAL, OLD_INTERNAL]);
        for service in keyed.services() {
            hang_up(service, "the keys were read again");
            pause();
        }
        *key.lock().unwrap() = NEW;
        pause();
        keyed.files.write(&[NEW], &[NEW_INTERNAL]);
        for service in keyed.services() {
            hang_up(service, "the keys were read again");
            pause();
        }
        over.store(true, Ordering::Relaxed);
        asking.into_iter().map(|thread| thread.join().expect("no request fails")).sum()
    });
    println!("{answered} answers");
    assert!(answered > 100, "there was hardly any load");
    assert_eq!(keyed.status(OLD), [401; 3]);
    assert_eq!(keyed.status(NEW), [200; 3]);
    assert_eq!(keyed.status(OLD_INTERNAL), [401; 3]);
    assert_eq!(keyed.status(NEW_INTERNAL), [200, 200, 401]);
    let logs = keyed.services().map(Service::log).concat();
    for secret in [OLD, NEW, OLD_INTERNAL, NEW_INTERNAL] {
        assert!(!logs.contains(secret), "a key is in a log");
    }
}

#[test]
fn a_file_that_cannot_be_used_changes_nothing_and_is_told() {
    if skips_processes() {
        return;
    }
    let keyed = Keyed::start();
    for bad in [&[""][..], &["short", NEW], &["with\u{1}control-0123456789"]] {
        keyed.files.write(&[NEW], bad);
        for service in keyed.services() {
            hang_up(service, "the keys cannot be read again");
            assert!(service.log().contains("R4_INTERNAL_KEY"), "{}", service.log());
        }
        assert_eq!(keyed.status(OLD), [200; 3]);
        assert_eq!(keyed.status(NEW), [401; 3]);
    }
    // A key without a file is not read again, and the signal ends nothing.
    let node = Node::start(&[]);
    for service in [&node.core, &node.vrf, &node.gateway] {
        hang_up(service, "no key comes from a file");
    }
}
