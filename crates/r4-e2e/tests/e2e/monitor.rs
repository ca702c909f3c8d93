//! `r4 monitor` against real nodes: what it finds, whom it tells, and when. A stub stands before a
//! node only where a node cannot be made to say such a thing.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::build::workspace;
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, NOWHERE, Node, Sealed, gateway, vrf};
use crate::harness::process::{Service, Variables};
use crate::harness::r4::{Said, r4_with};
use crate::harness::stub::{Stub, certificate};
use crate::harness::wire::Response;
use crate::harness::{seconds, wait_for};

/// Limits that no test meets.
const FREE: Variables<'_> = &[("R4_RATE_ADDRESS", "1000/s"), ("R4_DEMO", "1000/s")];

/// What a monitor has: its file, a mailer, and a place that takes posts.
struct Monitor {
    dir: TempDir,
    hook: Stub,
    posts: Arc<Mutex<Vec<Value>>>,
    /// How posts are answered.
    status: Arc<AtomicU16>,
}

impl Monitor {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (posts, status) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::new(AtomicU16::new(200)));
        let (taken, answer) = (Arc::clone(&posts), Arc::clone(&status));
        let hook = Stub::start(None, move |asked| {
            taken.lock().unwrap().push(serde_json::from_slice(&asked.body).unwrap());
            let status = answer.load(Ordering::SeqCst);
            Response { status, headers: vec![], body: asked.path.clone().into_bytes() }
        });
        let sendmail = dir.path().join("sendmail");
        let script =
            "#!/bin/sh\necho \"to $*\" >>\"$MAILS\"\n/bin/cat >>\"$MAILS\"\nexit $MAILER\n";
        fs::write(&sendmail, script).unwrap();
        fs::set_permissions(&sendmail, fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir, hook, posts, status }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs it with `more` in its environment.
    fn run(&self, args: &[&str], more: &[(&str, &str)]) -> Said {
        let (state, path) = (self.path("state.json"), self.path(""));
        let mails = self.path("mails");
        let env = [("PATH", path.as_str()), ("MAILS", &mails), ("MAILER", "0")];
        let args = [&["monitor", "--state", &state][..], args].concat();
        r4_with(&args, &[&env[..], more].concat(), b"")
    }

    /// Looks once and tells by mail and by post.
    fn look(&self, url: &str) -> Said {
        let post = format!("{}/s3cret", self.hook.http());
        self.run(&[url, "--mail", "me@example.org"], &[("R4_MONITOR_POST", &post)])
    }

    /// Looks once, and forgets it.
    fn once(&self, args: &[&str]) -> Said {
        let said = self.run(args, &[]);
        let _none = fs::remove_file(self.path("state.json"));
        said
    }

    fn mails(&self) -> String {
        fs::read_to_string(self.path("mails")).unwrap_or_default()
    }

    /// Returns the subjects of mails and the first lines of posts so far.
    fn told(&self) -> [Vec<String>; 2] {
        let mails = self.mails();
        let subjects = mails.lines().filter_map(|line| line.strip_prefix("Subject: "));
        let first =
            |post: &Value| post["text"].as_str().unwrap().lines().next().unwrap().to_owned();
        [
            subjects.map(str::to_owned).collect(),
            self.posts.lock().unwrap().iter().map(first).collect(),
        ]
    }
}

#[track_caller]
fn found(said: &Said, name: &str, code: i32) {
    assert!(said.code == code && said.out.starts_with(&format!("{name}: ")), "{said:?}");
}

#[test]
fn somebody_is_told_when_something_changes_and_only_then() {
    if skips_processes() {
        return;
    }
    let (node, monitor) = (Node::start(FREE), Monitor::new());
    let url = node.gateway.url();
    found(&monitor.look(&url), "ok", 0);
    assert_eq!(monitor.told(), [vec![], vec![]] as [Vec<String>; 2], "all is well");
    node.core.signal(Signal::STOP);
    let bad = wait_for("the stopped core is not noticed", seconds(40), || {
        let said = monitor.look(&url);
        (said.code != 0).then_some(said)
    });
    found(&bad, "not-ready", 18);
    let subject = format!("r4: not-ready {url}");
    assert_eq!(monitor.told(), [[subject.clone()], [subject.clone()]]);
    assert!(monitor.mails().contains("to -i me@example.org\nTo: me@example.org\n"));
    assert_eq!(monitor.look(&url).code, 18);
    assert_eq!(monitor.told(), [[subject.clone()], [subject.clone()]], "nothing new");
    // Something else is another thing to tell, and that all is well again, too.
    node.core.signal(Signal::CONT);
    wait_for("the core does not come back", seconds(20), || {
        let said = monitor.run(&[&url], &[]);
        (said.code == 0).then_some(())
    });
    found(&monitor.look(&url), "ok", 0);
    let well = format!("r4: all is well again: not-ready {url}");
    assert_eq!(monitor.told(), [[subject.clone(), well.clone()], [subject, well]]);
    let posts = monitor.posts.lock().unwrap();
    assert_eq!(
        (&posts[0]["status"], &posts[0]["findings"][0]["name"]),
        (&"bad".into(), &"not-ready".into())
    );
    assert_eq!(
        (&posts[1]["status"], posts[1]["findings"].as_array().unwrap().len()),
        (&"ok".into(), 0)
    );
}

#[test]
fn what_was_not_taken_is_told_again_and_what_was_is_not() {
    if skips_processes() {
        return;
    }
    let monitor = Monitor::new();
    monitor.status.store(500, Ordering::SeqCst);
    let said = monitor.look(NOWHERE);
    found(&said, "unreachable", 24);
    assert!(said.err.contains("post 127.0.0.1: it answered 500"), "{said:?}");
    assert!(!format!("{said:?}").contains("s3cret"), "{said:?}");
    assert!(!fs::read_to_string(monitor.path("state.json")).unwrap().contains("s3cret"));
    monitor.status.store(204, Ordering::SeqCst);
    assert_eq!(monitor.look(NOWHERE).code, 16);
    assert_eq!(monitor.look(NOWHERE).code, 16);
    assert_eq!(monitor.told().map(|told| told.len()), [1, 2], "mails, posts");
    // A redirection is no taking, and is not followed.
    monitor.status.store(302, Ordering::SeqCst);
    let test = [NOWHERE, "--post", &monitor.hook.http(), "--test-alarm"];
    found(&monitor.run(&test, &[]), "undelivered", 24);
}

#[test]
fn an_alarm_can_be_tried() {
    if skips_processes() {
        return;
    }
    let monitor = Monitor::new();
    let url = monitor.hook.http();
    let args = [NOWHERE, "--mail", "me@example.org", "--post", &url, "--test-alarm"];
    let said = monitor.run(&args, &[]);
    assert!(said.code == 0 && said.out.matches("taken: ").count() == 2, "{said:?}");
    let [mails, posts] = monitor.told();
    assert!(mails[0].starts_with("r4: TEST ALARM ") && said.out.contains(&mails[0]), "{said:?}");
    assert_eq!(
        (&mails, monitor.posts.lock().unwrap()[0]["status"].as_str()),
        (&posts, Some("test"))
    );
    assert!(!PathBuf::from(monitor.path("state.json")).exists());

    let refused = monitor.run(&args, &[("MAILER", "75")]);
    assert!(refused.code == 24 && refused.out.contains("sendmail did not take it"), "{refused:?}");
    let nowhere = [NOWHERE, "--post", NOWHERE, "--test-alarm"];
    found(&monitor.run(&nowhere, &[]), "undelivered", 24);
    assert_eq!(monitor.run(&[NOWHERE, "--test-alarm"], &[]).code, 2);
    let open = [NOWHERE, "--post", "http://hooks.example.org/", "--test-alarm"];
    assert_eq!(monitor.run(&open, &[]).code, 2);
}

#[test]
fn a_node_that_does_not_keep_its_promises_is_named() {
    if skips_processes() {
        return;
    }
    let (node, monitor) = (Node::start(FREE), Monitor::new());
    let url = node.gateway.url();
    found(&monitor.once(&[&url, "--receipt"]), "ok", 0);
    found(&monitor.once(&[NOWHERE]), "unreachable", 16);
    let lie = |path: &'static str, from: &'static str, to: &'static str| {
        let stub = Stub::before(node.gateway.client(), None, move |asked, response| {
            if asked.split('?').next() == Some(path) {
                let text = String::from_utf8(response.body.clone()).unwrap();
                assert!(text.contains(from), "{from}: {text}");
                response.body = text.replacen(from, to, 1).into_bytes();
            }
        });
        stub.http()
    };
    let versions = lie("/v1/health", "\"version\":\"0.1.0\"", "\"version\":\"0.0.9\"");
    found(&monitor.once(&[&versions]), "version-skew", 23);
    found(&monitor.once(&[&url, &versions]), "version-skew", 23);
    found(&monitor.once(&[&lie("/v1/limits", "open_per_address", "open_to_all")]), "invalid", 17);
    found(&monitor.once(&[&lie("/v1/keys", "\"epochs\"", "\"epoch\"")]), "invalid", 17);
    found(
        &monitor.once(&[&lie("/v1/health/entropy", "\"entropy\"", "\"entropi\"")]),
        "invalid",
        17,
    );
    found(&monitor.once(&[&lie("/v1/demo/random", "\"n\":32", "\"n\":3.2")]), "invalid", 17);
    let receipt = lie("/v1/demo/vrf", "\"random\":\"0x", "\"random\":\"0xff");
    found(&monitor.once(&[&receipt]), "ok", 0);
    found(&monitor.once(&[&receipt, "--receipt"]), "invalid", 17);
    let late = Stub::before(node.gateway.client(), None, |_, response| {
        let date = response.headers.iter_mut().find(|(name, _)| name == "date").unwrap();
        date.1 = "Thu, 01 Jan 2026 00:00:00 GMT".to_owned();
    });
    found(&monitor.once(&[&late.http()]), "clock", 21);
    // An old checkpoint, for ever.
    let old = node.gateway.client().get("/v1/log/checkpoint").expect(200).body;
    let stale = Stub::before(node.gateway.client(), None, move |asked, response| {
        if asked == "/v1/log/checkpoint" {
            response.body.clone_from(&old);
        }
    });
    wait_for("the old checkpoint is not stale", seconds(10), || {
        let said = monitor.once(&[&stale.http(), "--max-age", "1s"]);
        (said.code != 0).then(|| found(&said, "stale", 15))
    });
}

#[test]
fn the_key_and_the_certificate() {
    if skips_processes() {
        return;
    }
    let (node, monitor) = (Node::start(&[("R4_DEMO", "0"), FREE[0]]), Monitor::new());
    let url = node.gateway.url();
    found(&monitor.once(&[&url]), "ok", 0);
    for keys in [KEY.to_owned(), format!("{KEY} another-key")] {
        found(&monitor.run(&[&url, "--receipt"], &[("R4_API_KEY", &keys)]), "ok", 0);
    }
    let said = monitor.run(&[&url], &[("R4_API_KEY", "not-the-key")]);
    found(&said, "invalid", 17);
    assert!(said.out.contains("invalid api key") && !said.out.contains("not-the-key"), "{said:?}");
    let open = monitor.run(&["http://node.example.org"], &[("R4_API_KEY", KEY)]);
    assert!(open.code == 2 && open.err.contains("https alone"), "{open:?}");

    let tls = certificate(monitor.dir.path(), 3);
    let node = Stub::before(node.gateway.client(), Some(tls), |_, _| {}).https();
    let ca = monitor.path("cert.pem");
    found(&monitor.once(&[&node, "--ca", &ca, "--certificate", "2d"]), "ok", 0);
    let ending = monitor.once(&[&node, "--ca", &ca]);
    found(&ending, "certificate", 22);
    // The second in which it was made may not be over.
    let left = ["in 2 days and 23 hours", "in 3 days and 0 hours"];
    assert!(left.iter().any(|left| ending.out.contains(left)), "{ending:?}");
    found(&monitor.once(&[&node]), "unreachable", 16);
    let nothing = workspace().join("README.md");
    assert_eq!(monitor.once(&[&node, "--ca", nothing.to_str().unwrap()]).code, 2);
}

#[test]
fn a_core_that_is_not_what_it_should_be() {
    if skips_processes() {
        return;
    }
    let (monitor, state) = (Monitor::new(), tempfile::tempdir().unwrap());
    let vrf = vrf(state.path(), NOWHERE);
    let see = |core: &Service, name: &str, code: i32| {
        let gateway = gateway(&core.url(), &vrf.url(), FREE).ready();
        wait_for(&format!("{name} is not seen"), seconds(20), || {
            let said = monitor.once(&[&gateway.url()]);
            (said.code == code).then(|| found(&said, name, code))
        });
    };
    see(&Service::start("r4-core", &["--dev"], &[("API_KEY", KEY)]).ready(), "not-sealed", 19);
    let sealed = Sealed::inducing();
    sealed.induce("jitter:lag");
    see(&sealed.core(&[]).ready(), "entropy", 20);
}

#[test]
fn two_do_not_look_at_once() {
    if skips_processes() {
        return;
    }
    let monitor = Monitor::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::scope(|scope| {
        let first = scope.spawn(|| monitor.run(&[&url], &[]));
        let asked = listener.accept().unwrap();
        let second = monitor.run(&[&url], &[]);
        assert!(second.code == 2 && second.err.contains("another r4"), "{second:?}");
        drop((asked, listener));
        found(&first.join().unwrap(), "unreachable", 16);
    });
    fs::write(monitor.path("state.json"), "{").unwrap();
    let damaged = monitor.run(&[&url], &[]);
    assert!(damaged.code == 2 && damaged.err.contains("told anew"), "{damaged:?}");
}
