//! `r4 log monitor` and `r4 log mirror` against a real node, and against nodes that lie.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use r4_keystore::note_keys::NoteKeys;
use r4_keystore::seed::RootSeed;
use r4_tlog::{Checkpoint, SignedCheckpoint};
use tempfile::TempDir;
use tlog_tiles::tile::Tile;

use crate::harness::build::program;
use crate::harness::disk::{copy, put_back};
use crate::harness::external::skips_processes;
use crate::harness::file_server::FileServer;
use crate::harness::ledger::number;
use crate::harness::load::ask;
use crate::harness::node::{NOWHERE, vrf, vrf_with};
use crate::harness::process::Service;
use crate::harness::r4::{Said, r4};
use crate::harness::tree::{Tree, checkpoint};
use crate::harness::{seconds, wait_for};

/// The log's name, where no other is chosen.
const ORIGIN: &str = "localhost/v1/log";

/// A monitor's folder, state folders of nodes, and the one address that they take one after another.
struct Watched {
    dir: TempDir,
    port: String,
}

impl Watched {
    fn new() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { dir: tempfile::tempdir().unwrap(), port: free.port().to_string() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts a node on a state folder, lets it answer, and waits until that is published.
    #[track_caller]
    fn node(&self, state: &str, answers: usize) -> Service {
        let service = vrf_with(&self.path(state), &[("PORT", &self.port)]);
        answer(&service, answers);
        service
    }

    /// Lets the monitor look once at `url`.
    fn look_at(&self, url: &str, more: &[&str]) -> Said {
        let state = self.path("monitor");
        let args = ["log", "monitor", url, "--state", state.to_str().unwrap()];
        r4(&[&args[..], more].concat(), b"")
    }

    /// Lets the monitor look once at the address of the nodes.
    fn look(&self) -> Said {
        self.look_at(&format!("http://127.0.0.1:{}/log", self.port), &[])
    }
}

/// Lets a node answer, and waits until its published checkpoint reaches so far.
#[track_caller]
fn answer(service: &Service, answers: usize) {
    let client = service.client();
    let mut last = 0;
    for _ in 0..answers {
        last = number(&ask(&client, "/vrf?sig=ecdsa").unwrap().expect(200).json()["index"]);
    }
    wait_for("the checkpoint is not published", seconds(10), || {
        let note = client.get("/log/checkpoint").expect(200);
        (checkpoint(note.text()).size() > last).then_some(())
    });
}

#[track_caller]
fn well(said: &Said) {
    assert!(said.code == 0 && said.out.starts_with("ok: "), "{said:?}");
}

#[track_caller]
fn alarms(said: &Said, name: &str, code: i32) {
    assert!(said.code == code && said.out.starts_with(&format!("{name}: ")), "{said:?}");
}

#[test]
fn a_node_that_goes_on_is_well() {
    if skips_processes() {
        return;
    }
    let watched = Watched::new();
    let node = watched.node("state", 3);
    well(&watched.look());
    answer(&node, 3);
    well(&watched.look());
    node.stop();
    alarms(&watched.look(), "unreachable", 16);
    let _node = watched.node("state", 1);
    well(&watched.look());
}

#[test]
fn a_node_that_goes_on_twice_is_a_fork() {
    if skips_processes() {
        return;
    }
    let watched = Watched::new();
    watched.node("state", 5).stop();
    copy(&watched.path("state"), &watched.path("other"));
    let node = watched.node("state", 3);
    well(&watched.look());
    node.stop();
    // The same keys, another history, and a longer one.
    let _node = watched.node("other", 7);
    alarms(&watched.look(), "fork", 10);
    let evidence: Vec<_> = fs::read_dir(watched.path("monitor/evidence")).unwrap().collect();
    assert_eq!(evidence.len(), 1, "{evidence:?}");
}

#[test]
fn a_node_that_was_put_back_is_a_rollback() {
    if skips_processes() {
        return;
    }
    let watched = Watched::new();
    watched.node("state", 5).stop();
    copy(&watched.path("state"), &watched.path("old"));
    let node = watched.node("state", 3);
    well(&watched.look());
    node.stop();
    put_back(&watched.path("old"), &watched.path("state"));
    let node = watched.node("state", 0);
    alarms(&watched.look(), "rollback", 11);
    // It does not become well by growing past what was seen.
    answer(&node, 4);
    alarms(&watched.look(), "fork", 10);
}

#[test]
fn a_node_that_crashed_has_missed_entries() {
    if skips_processes() {
        return;
    }
    let watched = Watched::new();
    watched.node("state", 1).kill();
    let _node = watched.node("state", 1);
    alarms(&watched.look(), "missed", 13);
    let url = format!("http://127.0.0.1:{}/log", watched.port);
    well(&watched.look_at(&url, &["--max-missed", "1"]));
}

#[test]
fn another_node_on_the_address_is_a_key_change() {
    if skips_processes() {
        return;
    }
    let watched = Watched::new();
    let node = watched.node("state", 1);
    well(&watched.look());
    node.stop();
    let _node = watched.node("new", 5);
    alarms(&watched.look(), "key-change", 14);
}

#[test]
fn a_node_that_stands_still_is_stale() {
    if skips_processes() {
        return;
    }
    let watched = Watched::new();
    let node = watched.node("state", 2);
    well(&watched.look());
    let keys = node.client().get("/keys").expect(200).body;
    node.stop();
    let server = FileServer::start(&watched.path("state/log"), &keys);
    wait_for("it does not become stale", seconds(5), || {
        let said = watched.look_at(&server.log(), &["--max-age", "1s"]);
        (said.code != 0).then(|| alarms(&said, "stale", 15))
    });
    well(&watched.look_at(&server.log(), &["--max-age", "10m"]));
}

#[test]
fn a_log_that_leaves_an_entry_out_has_a_gap() {
    if skips_processes() {
        return;
    }
    let watched = Watched::new();
    let node = watched.node("state", 4);
    well(&watched.look());
    answer(&node, 8);
    let client = node.client();
    let keys = client.get("/keys").expect(200).body;
    let mut tree = Tree::default();
    tree.read_on(&client, "");
    node.stop();
    let mut short = Tree::default();
    for (index, entry) in tree.entries.iter().enumerate() {
        if index != 9 {
            short.push_entry(entry.clone());
        }
    }
    let seed = RootSeed::load(&watched.path("state/log.seed")).unwrap();
    publish(&short, &seed, &watched.path("lie"));
    let server = FileServer::start(&watched.path("lie"), &keys);
    let said = watched.look_at(&server.log(), &[]);
    alarms(&said, "gap", 12);
    assert!(said.out.contains("the entry in place 9 has the index 10"), "{said:?}");
    // What does not hash to the signed root is another thing.
    publish(&tree, &seed, &watched.path("damaged"));
    let tile = watched.path("damaged").join(format!("tile/entries/000.p/{}", tree.size()));
    let mut bytes = fs::read(&tile).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&tile, bytes).unwrap();
    let server = FileServer::start(&watched.path("damaged"), &keys);
    alarms(&watched.look_at(&server.log(), &[]), "invalid", 17);
}

/// Writes a log of less than 256 entries as a node would, signed now by the log's own keys.
fn publish(tree: &Tree, seed: &RootSeed, folder: &Path) {
    let size = tree.size();
    let path = folder.join(format!("tile/0/000.p/{size}"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let [tile] = Tile::new_tiles(8, 0, size)[..] else { panic!("one tile: {size} entries") };
    fs::write(path, tile.read_data(&tree.hashes).unwrap()).unwrap();
    let path = folder.join(format!("tile/entries/000.p/{size}"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let length = |entry: &[u8]| u16::try_from(entry.len()).unwrap().to_be_bytes();
    let bundle = tree.entries.iter().flat_map(|entry| [&length(entry)[..], entry].concat());
    fs::write(path, bundle.collect::<Vec<u8>>()).unwrap();
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root: tree.root(size).0 };
    let keys = NoteKeys::log(seed, ORIGIN).unwrap();
    let now = time::OffsetDateTime::now_utc().unix_timestamp().unsigned_abs();
    let lines = keys.sign(&checkpoint, now).unwrap();
    let signed = SignedCheckpoint::new(checkpoint, lines).to_string();
    fs::write(folder.join("checkpoint"), signed).unwrap();
}

#[test]
fn a_mirror_that_was_killed_goes_on_and_holds() {
    if skips_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (state, mirror) = (dir.path().join("state"), dir.path().join("mirror"));
    vrf(&state, NOWHERE).stop();
    // Several tiles of missed entries are quickly made.
    fs::write(state.join("index"), "r4-index/v1\n600\n600\n").unwrap();
    let node = vrf(&state, NOWHERE);
    answer(&node, 2);
    let keys = node.client().get("/keys").expect(200).body;
    let server = FileServer::start(&state.join("log"), &keys);
    let (url, mirror) = (server.log(), mirror.to_str().unwrap());
    let verify = || r4(&["log", "verify", mirror], b"");

    server.stall_after(5);
    let mut command = Command::new(program("r4"));
    command.args(["log", "mirror", &url, mirror]).env_clear();
    let mut r4_mirror = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the mirror does not ask", seconds(10), || (server.asked() > 5).then_some(()));
    // What was asked for before has come, and is being written.
    thread::sleep(seconds(1));
    r4_mirror.kill().unwrap();
    r4_mirror.wait().unwrap();
    assert_ne!(verify().code, 0, "half a mirror holds");
    server.stall_after(usize::MAX);

    let said = r4(&["log", "mirror", &url, mirror], b"");
    assert_eq!(said.code, 0, "{said:?}");
    let said = verify();
    assert!(said.code == 0 && said.out.contains("missed    599\n"), "{said:?}");
    assert!(said.out.contains("vrf       2\n") && said.out.contains("keys      1\n"), "{said:?}");
    answer(&node, 200);
    let said = r4(&["log", "mirror", &url, mirror], b"");
    assert_eq!(said.code, 0, "{said:?}");
    let said = verify();
    assert!(said.code == 0 && said.out.contains("vrf       202\n"), "{said:?}");
    let said = r4(&["log", "verify", &format!("{}/log", node.url())], b"");
    assert_eq!(said.code, 0, "{said:?}");
    let path = Path::new(mirror).join("tile/entries/000");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3000] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(verify().code, 1);
}
