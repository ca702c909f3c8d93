//! A node's folders, a place for backups, and who may read them.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::client::{Client, Request};
use crate::harness::ledger::Ledger;
use crate::harness::load::ask;
use crate::harness::node::{NOWHERE, gateway};
use crate::harness::process::Service;
use crate::harness::r4::{Said, r4};
use crate::harness::tree::checkpoint;
use crate::harness::{seconds, wait_for};

/// All of it.
pub(super) struct Site {
    dir: TempDir,
    pub(super) ledger: Ledger,
    pub(super) recipient: String,
    admin: String,
    key: String,
}

impl Said {
    #[track_caller]
    pub(super) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(super) fn says(self, words: &str) -> Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(words), "{words:?} is not in:\n{all}");
        self
    }
}

impl Site {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let admin = format!("http://{free}");
        let (ledger, key) = (Ledger::default(), String::new());
        let mut site = Self { dir, ledger, recipient: String::new(), admin, key };
        let made = r4(&["backup", "keygen", "--out", &site.identity()], b"").exits(0);
        made.out.trim().clone_into(&mut site.recipient);
        site
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn state(&self) -> PathBuf {
        self.path("state")
    }

    pub(super) fn store(&self) -> PathBuf {
        self.path("backups")
    }

    pub(super) fn identity(&self) -> String {
        self.text("identity.txt")
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Starts a gateway with its own state and an admin port.
    #[track_caller]
    pub(super) fn gateway(&self, vrf: &str) -> Service {
        let port = self.admin.rsplit_once(':').unwrap().1;
        let state = self.text("gateway");
        gateway(NOWHERE, vrf, &[("R4_ADMIN_PORT", port), ("R4_STATE_DIR", &state)])
    }

    fn keys(&self, args: &[&str]) -> Said {
        let token = self.text("gateway/admin.token");
        let admin = ["--admin", &self.admin, "--token-file", &token];
        r4(&[&["keys"], args, &admin[..]].concat(), b"")
    }

    /// Makes an API key and uses it; returns its usage once that was noted.
    #[track_caller]
    pub(super) fn use_a_key(&mut self, gateway: &Service) -> Value {
        let made = wait_for("the admin API", seconds(5), || {
            let said = self.keys(&["create", "--name", "alice", "--quota", "1000/month"]);
            (said.code == 0).then_some(said)
        });
        made.out.trim().clone_into(&mut self.key);
        self.works(gateway);
        wait_for("the usage is not noted", seconds(30), || {
            let usage = self.usage();
            (usage["days"][0]["requests"] == 1).then_some(usage)
        })
    }

    /// The API key opens the door; soon after it was made it is not known yet.
    #[track_caller]
    pub(super) fn works(&self, gateway: &Service) {
        let request = Request::get("/v1/vrf?sig=ecdsa").key(&self.key);
        wait_for("the key is not known", seconds(10), || {
            let answer = gateway.client().once(&request).ok()?;
            (answer.status == 200).then_some(())
        });
    }

    #[track_caller]
    pub(super) fn usage(&self) -> Value {
        let said = wait_for("the admin API", seconds(5), || {
            let said = self.keys(&["usage", "alice", "--json"]);
            (said.code == 0).then_some(said)
        });
        serde_json::from_str(&said.out).unwrap()
    }

    /// Makes a backup, with the gateway's keys unless `more` says otherwise.
    pub(super) fn try_create(&self, more: &[&str]) -> Said {
        r4(&self.create_args(more).iter().map(String::as_str).collect::<Vec<_>>(), b"")
    }

    pub(super) fn create_args(&self, more: &[&str]) -> Vec<String> {
        let (state, store, gateway) =
            (self.text("state"), self.text("backups"), self.text("gateway"));
        let own = ["backup", "create", "--state", &state, "--store", &store];
        let keys = ["--gateway-state", &gateway, "--admin", &self.admin];
        let keys = if more.contains(&"--without-gateway") { &[] } else { &keys[..] };
        let recipient = ["--recipient", &self.recipient];
        [&own[..], keys, &recipient, more].concat().iter().map(|word| (*word).to_owned()).collect()
    }

    /// Makes a backup; returns its name.
    #[track_caller]
    pub(super) fn create(&self, more: &[&str]) -> String {
        self.try_create(more).exits(0).out.trim().to_owned()
    }

    #[track_caller]
    pub(super) fn create_fails(&self, code: i32, words: &str) {
        self.try_create(&["--without-gateway"]).exits(code).says(words);
    }

    pub(super) fn verify(&self, name: &str) -> Said {
        let (store, identity) = (self.text("backups"), self.identity());
        r4(&["backup", "verify", "--store", &store, "--identity", &identity, name], b"")
    }

    #[track_caller]
    pub(super) fn list(&self) -> Vec<Value> {
        let said =
            r4(&["backup", "list", "--store", &self.text("backups"), "--json"], b"").exits(0);
        serde_json::from_str(&said.out).unwrap()
    }

    /// Restores the newest backup, with the identity on standard input.
    pub(super) fn restore(&self, more: &[&str]) -> Said {
        let (state, store, gateway) =
            (self.text("state"), self.text("backups"), self.text("gateway"));
        let own = ["backup", "restore", "--store", &store, "--identity", "-", "--state", &state];
        let args = [&own[..], &["--gateway-state", &gateway], more].concat();
        r4(&args, &fs::read(self.identity()).unwrap())
    }

    pub(super) fn resume(&self, more: &[&str]) -> Said {
        let state = self.text("state");
        r4(&[&["backup", "resume", "--state", &state], more].concat(), b"")
    }

    /// The disk is gone.
    pub(super) fn lose(&self) {
        for folder in [self.state(), self.path("gateway")] {
            if folder.exists() {
                fs::remove_dir_all(folder).unwrap();
            }
        }
    }

    /// Lets the node answer.
    #[track_caller]
    pub(super) fn answers(&mut self, service: &Service, count: usize) {
        for _ in 0..count {
            self.ledger.answered(&ask(&service.client(), "/vrf?sig=ecdsa").unwrap().expect(200));
        }
    }

    /// Brings a mirror up to date with all that was answered; returns its folder.
    #[track_caller]
    pub(super) fn mirror(&self, service: &Service) -> String {
        let client: Client = service.client();
        let log = client.get("/receipts?from=0&limit=1000").expect(200).json();
        let first = log["entries"].as_array().unwrap().len() as u64;
        wait_for("the checkpoint is not published", seconds(15), || {
            let note = client.get("/log/checkpoint").expect(200);
            let size = checkpoint(note.text()).size();
            let more = client.get(&format!("/receipts?from={size}&limit=1")).expect(200).json();
            (size >= first && more["entries"].as_array().unwrap().is_empty()).then_some(())
        });
        let folder = self.text("mirror");
        r4(&["log", "mirror", &format!("{}/log", service.url()), &folder], b"").exits(0);
        folder
    }
}

/// Returns the files in a folder.
pub(super) fn files(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        files.map(|file| file.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
