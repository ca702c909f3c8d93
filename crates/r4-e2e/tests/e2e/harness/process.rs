//! A service as a process: started with nothing but the environment given, watched, and ended with
//! its own children when the test ends.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind, Read};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::client::Client;
use super::{build, seconds, wait_for};

/// Most time until a service says where it listens.
const START_SECONDS: u64 = 30;

/// A running service.
pub(crate) struct Service {
    name: &'static str,
    child: Child,
    address: SocketAddr,
    /// Guards the end of the channel that lines of standard output come by.
    lines: Mutex<mpsc::Receiver<String>>,
    log: Log,
}

/// What a process wrote on standard error: a file, so that a line that was written is there.
struct Log(File);

/// Environment of a service, in addition to nothing.
pub(crate) type Variables<'a> = &'a [(&'a str, &'a str)];

impl Service {
    /// Starts `name` on a free port and waits until it says where it listens.
    #[track_caller]
    pub(crate) fn start(name: &'static str, args: &[&str], env: Variables<'_>) -> Self {
        Self::try_start(name, args, env).unwrap_or_else(|end| panic!("{name} left: {end}"))
    }

    /// Starts `name`; the error is what it wrote when it left instead of listening.
    pub(crate) fn try_start(
        name: &'static str,
        args: &[&str],
        env: Variables<'_>,
    ) -> Result<Self, String> {
        let mut command = Command::new(build::program(name));
        command.args(args);
        Self::launch(name, command, env)
    }

    /// Starts `program`, which is `name`, as the user `uid`; only root may.
    #[track_caller]
    pub(crate) fn start_as(
        uid: u32,
        name: &'static str,
        program: &Path,
        env: Variables<'_>,
    ) -> Self {
        let mut command = Command::new(program);
        command.uid(uid).gid(uid);
        Self::launch(name, command, env).unwrap_or_else(|end| panic!("{name} left: {end}"))
    }

    /// Starts `program`, another build of `name`; the error is how it ended instead of listening.
    pub(crate) fn try_start_build(
        name: &'static str,
        program: &Path,
        env: Variables<'_>,
    ) -> Result<Self, String> {
        Self::launch(name, Command::new(program), env)
    }

    /// Starts a command of `r4` that serves, and is called `name` in its first line.
    #[track_caller]
    pub(crate) fn start_r4(name: &'static str, args: &[&str]) -> Self {
        let mut command = Command::new(build::program("r4"));
        command.args(args);
        Self::launch(name, command, &[]).unwrap_or_else(|end| panic!("{name} left: {end}"))
    }

    /// Starts `name` and kills it after a while, wherever it is then.
    pub(crate) fn start_and_kill(name: &'static str, env: Variables<'_>, after: Duration) {
        let mut command = Command::new(build::program(name));
        command.env_clear().env("PORT", "0").envs(env.iter().copied());
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{name}: {e}"));
        thread::sleep(after);
        child.kill().expect("killed");
        let status = child.wait().expect("status");
        assert_eq!(status.code(), None, "{name} left by itself: {status}");
    }

    fn launch(
        name: &'static str,
        mut command: Command,
        env: Variables<'_>,
    ) -> Result<Self, String> {
        command.env_clear().env("PORT", "0").envs(env.iter().copied());
        let log = Log::new();
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.end());
        let mut started = command.spawn();
        // A program that was just copied is open in what another test is starting, for a moment.
        while matches!(&started, Err(e) if e.kind() == ErrorKind::ExecutableFileBusy) {
            thread::sleep(Duration::from_millis(5));
            started = command.spawn();
        }
        let mut child = started.unwrap_or_else(|e| panic!("{name}: {e}"));
        let lines = follow_lines(child.stdout.take().expect("piped"));
        match lines.recv_timeout(seconds(START_SECONDS)) {
            Ok(line) => {
                let said = line.strip_prefix(&format!("{name} listening on http://"));
                let address = said.and_then(|address| address.parse().ok());
                let address = address.unwrap_or_else(|| panic!("{name} says {line:?}"));
                Ok(Self { name, child, address, lines: Mutex::new(lines), log })
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let status = child.wait().expect("status");
                assert!(!status.success(), "{name} left with 0 and never listened");
                Err(format!("{status}\n{}", log.text()))
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let _gone = child.kill();
                panic!("{name} does not listen after {START_SECONDS} s:\n{}", log.text())
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url())
    }

    /// Waits until `GET /ready` answers 200.
    #[track_caller]
    pub(crate) fn ready(self) -> Self {
        let client = self.client();
        wait_for(&format!("{} is not ready", self.name), seconds(30), || {
            (client.get("/ready").status == 200).then_some(())
        });
        self
    }

    /// Returns what it wrote on standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Returns what it wrote on standard output after its first line.
    pub(crate) fn more_lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).try_iter().collect()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("our own child can be signalled");
    }

    /// Returns whether the process still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("status").is_none()
    }

    /// Waits until the process has ended.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self, deadline: Duration) -> ExitStatus {
        let what = format!("{} does not end", self.name);
        wait_for(&what, deadline, || self.child.try_wait().expect("status"))
    }

    /// Stops the process, which must end well.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        assert_eq!(self.wait_exit(seconds(10)).code(), Some(0), "{}", self.log());
    }

    /// Kills the process at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        let children = children_of(self.pid());
        self.child.kill().expect("killed");
        self.child.wait().expect("status");
        end(&children);
    }

    /// Returns the processes that this one has started and that still run.
    pub(crate) fn children(&self) -> Vec<Pid> {
        children_of(self.pid())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- {} wrote:\n{}---", self.name, self.log.text());
        }
        if !self.is_running() {
            return;
        }
        let children = children_of(self.pid());
        let _gone = kill_process(self.pid(), Signal::CONT);
        let _gone = kill_process(self.pid(), Signal::TERM);
        let end_at = Instant::now() + Duration::from_secs(2);
        while self.is_running() && Instant::now() < end_at {
            thread::sleep(Duration::from_millis(10));
        }
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
        end(&children);
    }
}

impl Log {
    fn new() -> Self {
        Self(tempfile::tempfile().expect("a file without a name"))
    }

    /// Returns the end that a process writes to.
    fn end(&self) -> Stdio {
        self.0.try_clone().expect("one more descriptor").into()
    }

    fn text(&self) -> String {
        let size = self.0.metadata().expect("its size").len();
        let mut bytes = vec![0; size.try_into().expect("in memory")];
        // At a place, because the place in the file is the writer's, too.
        self.0.read_exact_at(&mut bytes, 0).expect("read back");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn follow_lines(from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (to, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Runs `NAME healthcheck` as in a service's container; returns the exit code and what it says.
pub(crate) fn healthcheck(name: &str, address: SocketAddr, what: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(build::program(name));
    let port = address.port().to_string();
    let done =
        command.arg("healthcheck").args(what).env_clear().env("PORT", port).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8(said).unwrap())
}

/// Returns the processes whose parent is `parent`.
pub(crate) fn children_of(parent: Pid) -> Vec<Pid> {
    let all = fs::read_dir("/proc").expect("/proc");
    let pids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |pid: &i32| parent_of(*pid) == Some(parent.as_raw_nonzero().get());
    pids.filter(is_child).filter_map(Pid::from_raw).collect()
}

/// Returns the parent of a process that runs; a dead one that nobody reaped yet has none.
fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then(|| fields.next()?.parse().ok())?
}

/// Ends what a service of ours left behind.
pub(crate) fn end(children: &[Pid]) {
    for pid in children {
        // The parent is gone, so these belong to nobody; most have ended with it.
        let _gone = kill_process(*pid, Signal::KILL);
    }
}
