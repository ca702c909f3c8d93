//! `docs/secrets.md` against the secrets that the programs read and make.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use r4_service::secrets::ALL;

use crate::harness::build::workspace;
use crate::harness::external::skips_processes;
use crate::harness::node::{NOWHERE, gateway, vrf_with};
use crate::harness::r4::r4;
use crate::harness::{seconds, wait_for};

/// Returns the first cells of the table under a heading of the page, as they stand in backticks, with the cell after each.
fn table(heading: &str) -> Vec<[Option<String>; 2]> {
    let page = fs::read_to_string(workspace().join("docs/secrets.md")).unwrap();
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let rows = rest.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let quoted = |cell: &str| cell.split('`').nth(1).map(str::to_owned);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(quoted);
        [cells.next().flatten(), cells.next().flatten()]
    });
    rows.collect()
}

#[test]
fn every_setting_that_is_a_secret_is_told_and_no_other() {
    let told: BTreeSet<[Option<String>; 2]> = table("Settings").into_iter().collect();
    let name = |text: &str| Some(text.to_owned());
    let read = ALL.map(|setting| [name(setting.name), name(setting.file)]);
    assert_eq!(told, BTreeSet::from(read), "left: docs/secrets.md; right: r4_service::secrets");
}

#[test]
fn every_file_with_a_secret_is_told_and_its_owners_alone() {
    if skips_processes() {
        return;
    }
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [vrf_state, gateway_state, witness] = folders.each_ref().map(tempfile::TempDir::path);
    let running = vrf_with(vrf_state, &[]);
    let state = ("R4_STATE_DIR", gateway_state.to_str().unwrap());
    let admin = gateway(NOWHERE, &running.url(), &[state, ("R4_ADMIN_PORT", "0")]);
    let token = gateway_state.join("admin.token");
    wait_for("there is no token", seconds(10), || token.exists().then_some(()));
    let args =
        ["witness", "keys", "--name", "localhost/witness", "--state", witness.to_str().unwrap()];
    assert_eq!(r4(&args, b"").code, 0);
    let told: BTreeSet<String> =
        table("Files and volumes").into_iter().filter_map(|[_, file]| file).collect();
    let mut found = BTreeSet::new();
    for file in [vrf_state, gateway_state, witness].into_iter().flat_map(files) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        // What ends so is a secret; the store has hashes of some.
        if [".seed", ".token", ".redb"].iter().any(|end| name.ends_with(end)) {
            let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
            found.insert(name);
        }
    }
    drop((running, admin));
    assert_eq!(found.len(), 5, "{found:?}");
    let caddy = "caddy-data".to_owned();
    assert!(told.contains(&caddy), "{told:?}");
    assert_eq!(found, told.into_iter().filter(|name| *name != caddy).collect());
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
