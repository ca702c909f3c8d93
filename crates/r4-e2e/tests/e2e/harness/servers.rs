//! Real servers that gateways share: redis-server and PostgreSQL, on loopback ports, without anything
//! that outlives the test. Where a program is missing, the test fails and names the package.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use super::process::{children_of, end};
use super::{seconds, wait_for};

/// Password of both.
const PASSWORD: &str = "between-gateways-alone";

/// A server that a test can stop, hang, kill and start again on the same port.
pub(crate) struct Server {
    name: &'static str,
    /// What it writes when it can be used.
    ready: &'static str,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    child: Option<Child>,
    url: String,
    dir: TempDir,
}

impl Server {
    /// Starts Redis, which keeps nothing.
    #[track_caller]
    pub(crate) fn redis() -> Self {
        let (address, dir) = (free_address(), tempfile::tempdir().expect("folder"));
        let (port, folder) = (address.port().to_string(), dir.path().to_owned());
        let command = move || {
            let mut command = Command::new("redis-server");
            command.args(["--bind", "127.0.0.1", "--port", &port, "--requirepass", PASSWORD]);
            command.args(["--save", "", "--appendonly", "no", "--dir"]).arg(&folder);
            command
        };
        let url = format!("redis://:{PASSWORD}@{address}");
        let (name, ready) = ("redis-server", "Ready to accept connections");
        let mut server = Self { name, ready, command: Box::new(command), child: None, url, dir };
        server.start_again();
        server
    }

    /// Makes a database and starts PostgreSQL on it.
    #[track_caller]
    pub(crate) fn postgres() -> Self {
        let (address, dir) = (free_address(), tempfile::tempdir().expect("folder"));
        let (programs, user) = (postgres_programs(), Unprivileged::find());
        user.give(dir.path());
        let data = dir.path().join("data");
        let password = dir.path().join("password");
        fs::write(&password, PASSWORD).expect("written");
        user.give(&password);
        let mut initdb = user.run(&programs.join("initdb"));
        initdb.args(["--username=r4", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]);
        initdb.arg("--no-sync").arg("--pwfile").arg(&password).arg("--pgdata").arg(&data);
        let made = initdb.output().expect("initdb starts");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = address.port().to_string();
        let command = move || {
            let mut command = user.run(&programs.join("postgres"));
            command.args(["-h", "127.0.0.1", "-p", &port, "-k", "", "-F", "-D"]).arg(&data);
            command
        };
        let url = format!("postgres://r4:{PASSWORD}@{address}/postgres");
        let (name, ready) = ("postgresql", "ready to accept connections");
        let mut server = Self { name, ready, command: Box::new(command), child: None, url, dir };
        server.start_again();
        server
    }

    /// Starts it on what it left behind, and waits until it listens.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let log = fs::File::create(self.dir.path().join("log")).expect("log");
        let mut command = (self.command)();
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("log")).stderr(log);
        let child = command.spawn();
        let child = child.unwrap_or_else(|e| panic!("install the package {}: {e}", self.name));
        self.child = Some(child);
        wait_for(&format!("{} does not answer", self.name), seconds(20), || {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().expect("status"));
            assert!(ended.is_none(), "{} left: {}", self.name, self.log());
            // It listens before it takes anybody in.
            self.log().contains(self.ready).then_some(())
        });
    }

    /// Returns where it is, password included.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Holds it still; connections stay open, and nobody answers.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends it at once, with all that it has started.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let children = children_of(Pid::from_child(&child));
        child.kill().expect("killed");
        child.wait().expect("status");
        end(&children);
    }

    /// Sends a signal to it and to all that it has started.
    fn signal(&self, signal: Signal) {
        let Some(child) = &self.child else { return };
        let pid = Pid::from_child(child);
        for pid in [pid].into_iter().chain(children_of(pid)) {
            // A child may have left meanwhile.
            let _gone = kill_process(pid, signal);
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- {} wrote:\n{}---", self.name, self.log());
        }
        self.thaw();
        if let Some(child) = &mut self.child {
            // Killed, PostgreSQL would leave shared memory behind.
            let _gone = kill_process(Pid::from_child(child), Signal::INT);
            let end = Instant::now() + seconds(3);
            while child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < end {
                thread::sleep(Duration::from_millis(10));
            }
        }
        self.kill();
    }
}

/// Returns an address that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    held.local_addr().expect("address")
}

/// Whom PostgreSQL runs as, which refuses to be root.
struct Unprivileged(Option<(u32, u32)>);

impl Unprivileged {
    fn find() -> Self {
        if !getuid().is_root() {
            return Self(None);
        }
        let id = |what: &str| {
            let said = Command::new("id").args([what, "postgres"]).output().expect("id starts");
            let text = String::from_utf8(said.stdout).expect("UTF-8");
            text.trim().parse().expect("install the package postgresql: no user postgres")
        };
        Self(Some((id("-u"), id("-g"))))
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.0 {
            chown(path, Some(user), Some(group)).expect("root may");
        }
    }

    fn run(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").current_dir("/");
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Returns the folder of the newest PostgreSQL's programs.
fn postgres_programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let numbers =
        versions.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let newest = numbers.max().expect("install the package postgresql");
    PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"))
}
