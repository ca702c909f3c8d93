//! `r4 witness`: every answer of c2sp.org/tlog-witness, and requests that race.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;

use r4_tlog::{AddCheckpoint, SignatureLine, VerifierKey};

use crate::log_sample::{ORIGIN, SampleLog, note_keys, now};
use crate::run::{Folder, command, mode, r4};

pub(crate) const NAME: &str = "witness.example.org/w1";

/// A running witness of the sample log.
pub(crate) struct Witness {
    pub(crate) child: Child,
    pub(crate) url: String,
    state: PathBuf,
}

/// An answer: its status, content type and body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    kind: String,
    body: String,
}

impl Witness {
    pub(crate) fn start(state: &Path) -> Self {
        let keys = note_keys(2, ORIGIN);
        let [first, second] = keys.verifier_keys().each_ref().map(ToString::to_string);
        Self::start_with(state, &["--log", &first, "--log", &second])
    }

    pub(crate) fn start_with(state: &Path, logs: &[&str]) -> Self {
        let mut child = run(state).args(logs).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("r4 witness listening on ").expect("it listens");
        Self { child, url: url.to_owned(), state: state.to_owned() }
    }

    fn post(&self, body: &str) -> Answer {
        let agent = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .build()
            .new_agent();
        let response = agent.post(format!("{}/add-checkpoint", self.url)).send(body).unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        Answer { status, kind, body: response.into_body().read_to_string().unwrap() }
    }

    /// Asks for a cosignature of all of `log`, from its first `old` entries on.
    pub(crate) fn add(&self, log: &SampleLog, old: u64) -> Answer {
        self.post(&request(log, old).to_string())
    }

    /// Kills the witness as a crash does, and starts it again.
    pub(crate) fn crash(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Self::start(&self.state)
    }

    pub(crate) fn checkpoints(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.state.join("checkpoints")).unwrap();
        folder.map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn run(state: &Path) -> Command {
    let mut command = command(&[&"witness", &"run", &"--name", &NAME, &"--state", &state]);
    command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null());
    command
}

fn request(log: &SampleLog, old: u64) -> AddCheckpoint {
    let proof = log.consistency(old);
    AddCheckpoint { old, proof, checkpoint: log.signed(now()).to_string() }
}

pub(crate) fn conflict(size: u64) -> Answer {
    let (kind, body) = ("text/x.tlog.size".to_owned(), format!("{size}\n"));
    Answer { status: 409, kind, body }
}

pub(crate) fn own_keys(state: &Path) -> Vec<VerifierKey> {
    let said = r4(&[&"witness", &"keys", &"--name", &NAME, &"--state", &state]).exits(0);
    said.out.lines().map(|line| VerifierKey::parse(line).unwrap()).collect()
}

#[test]
fn a_checkpoint_is_cosigned_by_both_keys() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    let keys = own_keys(&folder.path("state"));
    assert_eq!(keys.iter().map(|key| key.algorithm() as u8).collect::<Vec<_>>(), [4, 6]);
    let mut old = 0;
    for size in [5, 6, 300] {
        log.grow(size);
        let answer = witness.add(&log, old);
        assert_eq!((answer.status, &*answer.kind), (200, "text/plain; charset=utf-8"));
        assert_eq!(answer.body.lines().count(), 2);
        let mut signed = log.signed(1);
        for line in SignatureLine::parse_all(&answer.body).unwrap() {
            signed.add(line);
        }
        for key in &keys {
            let time = signed.verify(key).unwrap().timestamp.unwrap();
            assert!(time.abs_diff(now()) < 60, "{time}");
        }
        old = size;
    }
    // The same checkpoint may be cosigned again, later.
    assert_eq!(witness.add(&log, 300).status, 200);
    assert_eq!(mode(&folder.path("state/witness.seed")), 0o600);
}

#[test]
fn what_is_no_request_is_400() {
    let (folder, log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    let good = request(&log, 0).to_string();
    let lines = |number: usize| format!("{}\n", ["A"; 43].concat() + "=").repeat(number);
    for bad in [
        String::new(),
        "junk".to_owned(),
        good.replacen("old 0", "old 00", 1),
        good.replacen("old 0", "new 0", 1),
        good.replacen("\n\n", "\n", 1),
        good.replacen("\n\n", &format!("\n{}\n", lines(64)), 1),
        good.replacen("old 0\n", "old 0\nAAAA\n", 1),
        good.replacen("old 0", "old 6", 1),
        good.trim_end().to_owned(),
    ] {
        let answer = witness.post(&bad);
        assert_eq!((answer.status, &*answer.kind), (400, "application/problem+json"), "{bad}");
    }
    assert_eq!(witness.post(&"x".repeat(300_000)).status, 413);
    assert!(witness.checkpoints().is_empty());
    assert_eq!(witness.add(&log, 0).status, 200);
}

#[test]
fn unknown_logs_are_404_and_unsigned_checkpoints_403() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    let text = request(&log, 0).to_string();
    assert_eq!(witness.post(&text.replace(ORIGIN, "other.example/log")).status, 404);
    let wrong = text.replacen("\n5\n", "\n6\n", 1);
    assert_eq!(witness.post(&wrong).status, 403);
    log.keys = note_keys(7, ORIGIN);
    assert_eq!(witness.add(&log, 0).status, 403);
    assert!(witness.checkpoints().is_empty());
}

#[test]
fn lines_of_unknown_keys_are_ignored() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(5));
    let keys = note_keys(2, ORIGIN);
    let first = keys.verifier_keys()[0].to_string();
    let witness = Witness::start_with(&folder.path("state"), &["--log", &first]);
    let mut signed = log.signed(now());
    for line in note_keys(7, ORIGIN).sign(&signed.checkpoint, 1).unwrap() {
        signed.add(line);
    }
    let request = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: signed.to_string() };
    assert_eq!(witness.post(&request.to_string()).status, 200);
    log.grow(6);
    assert_eq!(witness.add(&log, 5).status, 200);
}

#[test]
fn another_old_size_is_409_and_names_the_last() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    assert_eq!(witness.add(&log, 3), conflict(0));
    assert_eq!(witness.add(&log, 0).status, 200);
    assert_eq!(witness.add(&log, 0), conflict(5));
    log.grow(9);
    assert_eq!(witness.add(&log, 4), conflict(5));
    assert_eq!(witness.add(&log, 9), conflict(5));
    assert_eq!(witness.add(&log, 5).status, 200);
    // What is old is not cosigned again.
    assert_eq!(witness.add(&SampleLog::new(5), 5), conflict(9));
}

#[test]
fn another_tree_of_the_same_size_is_409() {
    let (folder, log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    assert_eq!(witness.add(&log, 0).status, 200);
    let mut other = SampleLog::new(5);
    other.entries[2][9] ^= 1;
    assert_eq!(witness.add(&other, 5), conflict(5));
    assert_eq!(witness.add(&log, 5).status, 200);
}

#[test]
fn a_proof_that_does_not_hold_is_422() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    let mut early = request(&log, 0);
    early.proof.push([1; 32]);
    assert_eq!(witness.post(&early.to_string()).status, 422);
    assert_eq!(witness.add(&log, 0).status, 200);
    let mut same = request(&log, 5);
    same.proof.push([1; 32]);
    assert_eq!(witness.post(&same.to_string()).status, 422);
    log.grow(9);
    let good = request(&log, 5);
    for (place, _) in good.proof.iter().enumerate() {
        let mut bad = good.clone();
        bad.proof[place][0] ^= 1;
        assert_eq!(witness.post(&bad.to_string()).status, 422);
        bad.proof.truncate(place);
        assert_eq!(witness.post(&bad.to_string()).status, 422);
    }
    let mut forked = SampleLog::new(9);
    forked.entries[1][9] ^= 1;
    assert_eq!(witness.add(&forked, 5).status, 422);
    assert_eq!(witness.post(&good.to_string()).status, 200);
}

#[test]
fn of_requests_at_once_one_is_cosigned() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(1));
    let witness = Witness::start(&folder.path("state"));
    assert_eq!(witness.add(&log, 0).status, 200);
    for _ in 0..60 {
        let old = log.size();
        let requests: Vec<String> = (1..=12)
            .map(|more| {
                log.grow(old + more);
                request(&log, old).to_string()
            })
            .collect();
        let start = Barrier::new(requests.len());
        let answers: Vec<Answer> = thread::scope(|scope| {
            let threads: Vec<_> = requests
                .iter()
                .map(|body| {
                    let (start, witness) = (&start, &witness);
                    scope.spawn(move || {
                        start.wait();
                        witness.post(body)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let cosigned: Vec<u64> =
            (old + 1..).zip(&answers).filter(|(_, a)| a.status == 200).map(|(n, _)| n).collect();
        let [size] = cosigned[..] else { panic!("{cosigned:?} were cosigned after {old}") };
        let refused = answers.iter().filter(|answer| **answer == conflict(size)).count();
        assert_eq!(refused, answers.len() - 1, "{answers:?}");
        log.entries.truncate(usize::try_from(size).unwrap());
    }
}
