//! r4-core and the integrity of its sealed binary: what is not as the manifest says never serves.

use std::fs;

use serde_json::Value;

use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Sealed, UNLIMITED, gateway, vrf};
use crate::harness::process::Service;
use crate::harness::r4::r4;
use crate::harness::target::problem;
use crate::harness::wire::Response;

fn random(core: &Client, query: &str) -> Response {
    core.send(&Request::get(&format!("/random?{query}")).key(KEY))
}

/// What is done to the files, a word of the reason that must be given, and how it is done.
type Damage<'a> = (&'a str, &'a str, &'a dyn Fn(&Sealed));

/// Asserts what `/version` says of the three states; returns all of it.
#[track_caller]
pub(crate) fn attests(core: &Client, integrity: &str, selftest: Option<&str>, mode: &str) -> Value {
    let version = core.get("/version").expect(200).json();
    assert_eq!(version["integrity"], integrity, "{version}");
    assert_eq!(version["mode"], mode, "{version}");
    if let Some(selftest) = selftest {
        assert_eq!(version["selftest"], selftest, "{version}");
    }
    version
}

/// Asserts that a core is alive, blocked for `reason`, and serves nothing in any form.
#[track_caller]
fn assert_blocked(core: &Client, integrity: &str, reason: &str) {
    core.get("/health").expect(200);
    let version = attests(core, integrity, None, "blocked");
    let why = version["reason"].as_str().unwrap_or_default();
    assert!(why.contains(reason), "{version}");
    assert!(problem(&core.get("/ready"), 503).1.contains(reason));
    for query in
        ["n=1", "n=32&fmt=hex", "n=32&fmt=base64", "n=1&fmt=u32", "n=1000000", "n=8&fmt=json"]
    {
        let answer = random(core, query);
        let (_, detail) = problem(&answer, 503);
        assert!(detail.contains(reason), "{query}: {detail}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn strict_mode_on_a_healthy_core_serves() {
    if skips_processes() {
        return;
    }
    let core = Sealed::genuine();
    let core = core.core(&[("STRICT_FIPS", "1")]).ready();
    let client = core.client();
    assert_eq!(attests(&client, "verified", Some("pass"), "sealed")["strict"], true);
    let answer = random(&client, "n=32").expect(200);
    assert_eq!((answer.body.len(), answer.header("x-r4-mode")), (32, Some("sealed")));
    assert_eq!(core.more_lines(), Vec::<String>::new(), "one line on standard output");
}

#[test]
fn dev_serves_the_kernels_bytes_openly_and_not_in_strict_mode() {
    if skips_processes() {
        return;
    }
    let core = Service::start("r4-core", &["--dev"], &[("API_KEY", KEY)]).ready();
    let client = core.client();
    let version = attests(&client, "absent", None, "fallback");
    assert_eq!(version["core_sha256"], Value::Null, "{version}");
    let answer = random(&client, "n=32").expect(200);
    assert_eq!((answer.body.len(), answer.header("x-r4-mode")), (32, Some("fallback")));
    assert_eq!(random(&client, "n=4&fmt=json").expect(200).json()["source"], "fallback");
    let strict = [("API_KEY", KEY), ("R4_STRICT_FIPS", "true")];
    let left = Service::try_start("r4-core", &["--dev"], &strict).err().expect("refused");
    assert!(left.contains("--dev") && left.contains("strict"), "{left}");
}

#[test]
fn one_flipped_byte_blocks_everywhere_but_the_vrf() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    sealed.flip(sealed.size() / 2);
    let core = sealed.core(&[]);
    assert_blocked(&core.client(), "failed", "sha256");

    let state = tempfile::tempdir().unwrap();
    let vrf = vrf(state.path(), &core.url());
    let gateway = gateway(&core.url(), &vrf.url(), UNLIMITED);
    let ask = |client: &Client, path: &str| client.send(&Request::get(path).key(KEY));
    problem(&ask(&vrf.client(), "/random_dual?n=32"), 503);
    ask(&vrf.client(), "/vrf?alpha=ab").expect(200);
    let front = gateway.client();
    for path in ["/v1/random?n=32", "/v1/random?n=1000000", "/v1/random_dual?n=32"] {
        let (_, detail) = problem(&ask(&front, path), 503);
        assert!(detail.contains("r4-core"), "{path}: {detail}");
    }
    ask(&front, "/v1/vrf?sig=dual").expect(200);
    let health = front.get("/v1/health").json();
    assert_eq!(health["upstreams"]["r4-core"]["mode"], "blocked", "{health}");
    assert_ne!(health["status"], "ok", "{health}");
    assert_eq!(health["upstreams"]["r4-vrf"]["status"], "ok", "{health}");
}

#[test]
fn every_damage_to_the_sealed_files_is_named() {
    if skips_processes() {
        return;
    }
    let change = |path: std::path::PathBuf, change: &dyn Fn(String) -> String| {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, change(text)).unwrap();
    };
    let table: [Damage<'_>; 9] = [
        ("first byte", "sha256", &|s| s.flip(0)),
        ("last byte", "sha256", &|s| s.flip(s.size() - 1)),
        ("a byte more", "bytes", &|s| {
            let mut bytes = fs::read(s.binary()).unwrap();
            bytes.push(0);
            fs::write(s.binary(), bytes).unwrap();
        }),
        ("empty binary", "bytes", &|s| fs::write(s.binary(), b"").unwrap()),
        ("no binary", "sealed core", &|s| fs::remove_file(s.binary()).unwrap()),
        ("no manifest", "manifest", &|s| fs::remove_file(s.manifest()).unwrap()),
        ("empty manifest", "manifest", &|s| fs::write(s.manifest(), b"").unwrap()),
        ("another size", "bytes", &|s| {
            change(s.manifest(), &|t| t.replacen("\"size\": ", "\"size\": 1", 1));
        }),
        ("a field more", "manifest", &|s| {
            change(s.manifest(), &|t| t.replacen('{', "{\"extra\": 1,", 1));
        }),
    ];
    for (name, reason, damage) in table {
        let sealed = Sealed::genuine();
        damage(&sealed);
        println!("{name}");
        // Integrity blocks with or without strict mode.
        assert_blocked(&sealed.core(&[]).client(), "failed", reason);
    }
}

#[test]
fn a_pinned_key_must_have_signed_the_manifest() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    let dir = tempfile::tempdir().unwrap();
    let manifest = sealed.manifest();
    let manifest = manifest.to_str().unwrap();
    let keygen = |name: &str| {
        let file = dir.path().join(name).to_str().unwrap().to_owned();
        let said = r4(&["manifest", "keygen", "--out", &file], b"");
        assert_eq!(said.code, 0, "{said:?}");
        let public = said.out.trim().strip_prefix("R4_MANIFEST_PUBLIC_KEY=").unwrap().to_owned();
        (file, public)
    };
    let (ours, public) = keygen("ours");
    let (_, strangers) = keygen("strangers");

    let core = sealed.core(&[("R4_MANIFEST_PUBLIC_KEY", &public)]);
    assert_blocked(&core.client(), "failed", "signature");
    let said = r4(&["manifest", "sign", "--manifest", manifest, "--key", &ours], b"");
    assert_eq!(said.code, 0, "{said:?}");
    let core = sealed.core(&[("R4_MANIFEST_PUBLIC_KEY", &public)]).ready();
    attests(&core.client(), "verified", Some("pass"), "sealed");
    let core = sealed.core(&[("R4_MANIFEST_PUBLIC_KEY", &strangers)]);
    assert_blocked(&core.client(), "failed", "signature");
    let left = sealed.try_core(&[("R4_MANIFEST_PUBLIC_KEY", "nonsense")]).err().expect("refused");
    assert!(left.contains("R4_MANIFEST_PUBLIC_KEY"), "{left}");

    // A binary that fits a manifest which nobody signed.
    sealed.flip(sealed.size() - 1);
    sealed.write_manifest();
    let core = sealed.core(&[("R4_MANIFEST_PUBLIC_KEY", &public)]);
    assert_blocked(&core.client(), "failed", "signature");
}

#[test]
fn the_core_needs_no_files_after_its_start() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    let core = sealed.core(&[]).ready();
    fs::write(sealed.binary(), b"another program").unwrap();
    fs::remove_file(sealed.manifest()).unwrap();
    let client = core.client();
    let [generator] = core.children()[..] else { panic!("one child: {:?}", core.children()) };
    rustix::process::kill_process(generator, rustix::process::Signal::KILL).unwrap();
    assert_eq!(random(&client, "n=1000000").expect(200).body.len(), 1_000_000);
    attests(&client, "verified", Some("pass"), "sealed");
}

#[test]
fn nothing_of_the_environment_reaches_the_generator() {
    if skips_processes() {
        return;
    }
    let core = Sealed::genuine();
    let core = core.core(&[("R4_INTERNAL_KEY", "an-internal-key-of-the-services")]).ready();
    let [generator] = core.children()[..] else { panic!("one child: {:?}", core.children()) };
    let pid = generator.as_raw_nonzero();
    // Not dumpable: the files of the process belong to root and only root reads them.
    if let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) {
        assert_eq!(environment, b"", "{:?}", String::from_utf8_lossy(&environment));
    }
    if let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) {
        let paths = open.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
        let sockets: Vec<_> = paths.filter(|p| p.to_string_lossy().starts_with("socket")).collect();
        assert!(sockets.is_empty(), "the generator holds {sockets:?}");
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().to_owned()
    };
    assert_eq!(field("NoNewPrivs:"), "1", "{status}");
    assert_eq!(field("Seccomp:"), "2", "{status}");
}

#[test]
fn a_core_that_was_never_ready_stops_when_asked_and_the_exit_says_so() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    sealed.flip(100);
    let mut core = sealed.core(&[]);
    assert_blocked(&core.client(), "failed", "sha256");
    core.signal(rustix::process::Signal::TERM);
    assert_eq!(core.wait_exit(crate::harness::seconds(10)).code(), Some(1));
    let log = core.log();
    assert!(
        log.contains("r4-core: stopped before it was ever ready: ") && log.contains("sha256"),
        "{log}"
    );
}
