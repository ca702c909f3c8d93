//! A real `PostgreSQL` on a loopback port, which a test can hold still, kill and start again.
//!
//! Where its programs are missing, the test fails and names the package.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio_postgres::NoTls;

/// The password of its user, which must never be shown.
pub(crate) const PASSWORD: &str = "pass/word";
const ENCODED: &str = "pass%2Fword";

/// An empty database on a server that the tests share that run at the same time.
pub(crate) struct Database {
    server: Arc<Server>,
    name: String,
}

impl Database {
    pub(crate) async fn make() -> Self {
        static SERVER: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());
        static MADE: AtomicU32 = AtomicU32::new(0);
        let mut shared = SERVER.lock().await;
        let server = match shared.upgrade() {
            Some(server) => server,
            None => Arc::new(Server::start().await),
        };
        *shared = Arc::downgrade(&server);
        let name = format!("test{}", MADE.fetch_add(1, Ordering::Relaxed));
        server.run(&format!("CREATE DATABASE {name}")).await.expect("made");
        Self { server, name }
    }

    /// Returns its URL.
    pub(crate) fn url(&self) -> String {
        self.server.url_of(&self.name)
    }

    /// Runs statements as its owner.
    pub(crate) async fn run(&self, statements: &str) {
        run(&self.url(), statements).await.expect(statements);
    }
}

/// A server with an empty database, which ends with the test.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    user: Option<(u32, u32)>,
    child: Option<Child>,
}

impl Server {
    /// Makes a database and starts a server on it.
    pub(crate) async fn start() -> Self {
        let mut server = Self {
            folder: tempfile::tempdir().expect("folder"),
            port: free_port(),
            user: unprivileged(),
            child: None,
        };
        server.give(server.folder.path());
        let password = server.folder.path().join("password");
        fs::write(&password, PASSWORD).expect("written");
        server.give(&password);
        let mut initdb = server.command("initdb");
        initdb.args(["--username=r4", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]);
        initdb.args(["--no-sync", "--no-instructions", "--pwfile"]).arg(&password);
        let made = initdb.arg("--pgdata").arg(server.data()).output().expect("initdb");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.start_again().await;
        server
    }

    /// Starts it on what it left behind, and waits until it answers.
    pub(crate) async fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = fs::File::create(self.folder.path().join("log")).expect("log");
        let mut command = self.command("postgres");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k", "", "-F", "-D"]);
        command.arg(self.data()).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("log")).stderr(log);
        self.child = Some(command.spawn().expect("postgres"));
        let end = Instant::now() + Duration::from_secs(20);
        while tokio_postgres::connect(&self.url(), NoTls).await.is_err() {
            assert!(Instant::now() < end, "it does not answer:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns its URL.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://r4:{ENCODED}@{}/{database}", self.address())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Runs statements as the owner of the database.
    pub(crate) async fn run(&self, statements: &str) -> Result<(), tokio_postgres::Error> {
        run(&self.url(), statements).await
    }

    /// Holds it still with all that it started: connections stay open, and nobody answers.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let children = children_of(child.id());
        child.kill().expect("killed");
        child.wait().expect("status");
        let end = Instant::now() + Duration::from_secs(5);
        for pid in children {
            let _gone = kill_process(pid, Signal::KILL);
            while kill_process(pid, Signal::CONT).is_ok() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let Some(child) = &self.child else { return };
        let server = Pid::from_child(child);
        for pid in [server].into_iter().chain(children_of(child.id())) {
            // A child may have left meanwhile.
            let _gone = kill_process(pid, signal);
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.user {
            chown(path, Some(user), Some(group)).expect("root may");
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(programs().join(program));
        command.env("LC_ALL", "C").current_dir("/");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the database wrote:\n{}---", self.log());
        }
        self.thaw();
        if let Some(child) = &mut self.child {
            // Killed, it would leave shared memory behind.
            let _gone = kill_process(Pid::from_child(child), Signal::QUIT);
            let end = Instant::now() + Duration::from_secs(5);
            while child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        self.kill();
    }
}

async fn run(url: &str, statements: &str) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let done = client.batch_execute(statements).await;
    connection.abort();
    done
}

fn children_of(parent: u32) -> Vec<Pid> {
    let listed = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let listed = listed.unwrap_or_default();
    listed.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

fn free_port() -> u16 {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    held.local_addr().expect("address").port()
}

/// Returns whom it runs as, which refuses to be root.
fn unprivileged() -> Option<(u32, u32)> {
    let id = |what: &str| {
        let said = Command::new("id").args([what, "postgres"]).output().expect("id");
        let text = String::from_utf8(said.stdout).expect("text");
        text.trim().parse().expect("install the package postgresql: there is no user postgres")
    };
    getuid().is_root().then(|| (id("-u"), id("-g")))
}

fn programs() -> PathBuf {
    let found = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = found.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions.max().expect("install the package postgresql");
    PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"))
}
