//! What there is to do, from what is there already.
//!
//! Each release has a folder of its own, and `/opt/re4ctor` points at one of them: an update and its
//! way back are the change of one link.

use std::fs;
use std::path::{Path, PathBuf};

use r4_api::manifest::Manifest;
use zeroize::Zeroizing;

use super::step::Step;
use crate::exit::Error;
use crate::input;

const TARGET: &str = "re4ctor.target";
const UNITS: [&str; 4] = ["r4-core.service", "r4-vrf.service", "r4-gateway.service", TARGET];
const UNIT_FOLDER: &str = "etc/systemd/system";
const CURRENT: &str = "opt/re4ctor";
const RELEASES: &str = "opt/re4ctor.releases";
const SETTINGS: &str = "etc/re4ctor/re4ctor.env";
const CREDENTIALS: &str = "etc/re4ctor/credentials";
const KEYS: [&str; 2] = ["api-key", "internal-key"];
const MAX_UNIT_BYTES: u64 = 64 << 10;

const SETTINGS_TEXT: &str = "\
# Settings of the node, one NAME=value a line; r4-core --help, r4-vrf --help and r4-gateway --help
# list them. After a change: systemctl restart re4ctor.target
# A public node: its name, which Caddy takes a certificate for.
#DOMAIN=random.example.org
#R4_CADDY_GLOBAL=email you@example.org
";

/// What will be done, and what is said at the end.
pub(super) struct Plan {
    /// In their order.
    pub(super) steps: Vec<Step>,
    /// What holds afterwards.
    pub(super) end: String,
}

/// An unpacked release.
#[derive(Debug)]
pub(super) struct Release {
    folder: PathBuf,
    /// The commit that it was built from: the name of its folder.
    name: String,
    units: Vec<(&'static str, Vec<u8>)>,
}

impl Release {
    /// Reads what is needed of a release.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let manifest = folder.join("selftest/manifest.json");
        let text = input::file(&manifest, "a release's manifest", MAX_UNIT_BYTES)?;
        let name =
            Manifest::parse(&text).map_err(|e| Error::unusable(manifest.display(), e))?.core_git;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::unusable(manifest.display(), "its commit is not one"));
        }
        let unit = |unit: &&'static str| {
            let path = folder.join("deploy/systemd").join(unit);
            Ok((*unit, input::file(&path, "a unit", MAX_UNIT_BYTES)?))
        };
        let units = UNITS.iter().map(unit).collect::<Result<_, Error>>()?;
        Ok(Self { folder: folder.to_owned(), name, units })
    }
}

/// The system to change.
#[derive(Debug)]
pub(super) struct Host {
    root: PathBuf,
    /// Whether systemd runs on it.
    booted: bool,
}

impl Host {
    /// Looks at the system in `root`.
    pub(super) fn new(root: &Path) -> Result<Self, Error> {
        if !root.join("usr").is_dir() {
            return Err(Error::unusable(root.display(), "this is not the root of a system"));
        }
        let booted = root == Path::new("/") && Path::new("/run/systemd/system").is_dir();
        Ok(Self { root: root.to_owned(), booted })
    }

    /// Plans to install or to update.
    pub(super) fn install(&self, release: &Release) -> Result<Plan, Error> {
        let own = self.root.join(RELEASES).join(&release.name);
        let mut steps = Vec::new();
        if !own.exists() {
            steps.push(Step::CopyFolder { from: release.folder.clone(), to: own });
        }
        let target = PathBuf::from("re4ctor.releases").join(&release.name);
        steps.push(Step::Link { path: self.root.join(CURRENT), target });
        for name in KEYS {
            let path = self.root.join(CREDENTIALS).join(name);
            if !path.exists() {
                steps.push(Step::NewFile { path, bytes: new_key()?, mode: 0o600 });
            }
        }
        let settings = self.root.join(SETTINGS);
        if !settings.exists() {
            let bytes = Zeroizing::new(SETTINGS_TEXT.as_bytes().to_vec());
            steps.push(Step::NewFile { path: settings, bytes, mode: 0o600 });
        }
        for (name, text) in &release.units {
            let path = self.root.join(UNIT_FOLDER).join(name);
            if fs::read(&path).ok().as_deref() != Some(text) {
                steps.push(Step::Unit { path, text: text.clone() });
            }
        }
        steps.push(self.systemctl_offline("enable"));
        if self.booted {
            steps.push(Step::Run(vec!["systemctl".into(), "daemon-reload".into()]));
            steps.push(Step::Run(vec!["systemctl".into(), "restart".into(), TARGET.into()]));
        }
        let end = if self.booted {
            "the node runs: systemctl status 're4ctor.target' 'r4-*'"
        } else {
            "the node starts when this system does"
        };
        Ok(Plan { steps, end: end.to_owned() })
    }

    /// Plans to take everything away that can be made again.
    pub(super) fn undo(&self) -> Plan {
        let units = UNITS.map(|unit| self.root.join(UNIT_FOLDER).join(unit));
        let mut steps = Vec::new();
        if units.iter().any(|unit| unit.exists()) {
            if self.booted {
                let words = ["systemctl", "stop"].iter().chain(&UNITS);
                steps.push(Step::Run(words.map(Into::into).collect()));
            }
            steps.push(self.systemctl_offline("disable"));
        }
        let files = units.into_iter().chain([self.root.join(CURRENT), self.root.join(RELEASES)]);
        let there = files.filter(|path| path.symlink_metadata().is_ok());
        steps.extend(there.map(Step::Remove));
        if self.booted {
            steps.push(Step::Run(vec!["systemctl".into(), "daemon-reload".into()]));
        }
        let kept = "what cannot be made again is still there: /etc/re4ctor (keys, settings), \
                    /var/lib/private/r4-vrf (seeds, log), /var/lib/private/r4-gateway (API keys)";
        Plan { steps, end: kept.to_owned() }
    }

    /// Enables or disables the units by their links alone, which works on any system.
    fn systemctl_offline(&self, verb: &str) -> Step {
        let root = format!("--root={}", self.root.display());
        let words = ["systemctl", &root, verb].into_iter().chain(UNITS);
        Step::Run(words.map(Into::into).collect())
    }
}

/// Makes a key of 256 random bits, as a line of text.
fn new_key() -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut_slice()).map_err(|error| Error::unusable("getrandom", error))?;
    let mut line = Zeroizing::new(hex::encode(*key).into_bytes());
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(plan: &Plan) -> Vec<String> {
        plan.steps.iter().map(ToString::to_string).collect()
    }

    fn release(folder: &Path) -> Release {
        fs::create_dir_all(folder.join("selftest")).unwrap();
        let manifest = Manifest::of_bytes("re4_dump", "0.1.0", "abc123", b"");
        fs::write(folder.join("selftest/manifest.json"), manifest.to_json()).unwrap();
        fs::create_dir_all(folder.join("deploy/systemd")).unwrap();
        for unit in UNITS {
            fs::write(folder.join("deploy/systemd").join(unit), unit).unwrap();
        }
        Release::open(folder).unwrap()
    }

    /// All but what needs systemd.
    fn take(plan: &Plan) {
        for step in plan.steps.iter().filter(|step| !matches!(step, Step::Run(_))) {
            step.take().unwrap();
        }
    }

    #[test]
    fn what_is_there_is_not_made_again_and_keys_outlive_the_node() {
        let (root, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (root, release) = (root.path(), release(folder.path()));
        assert!(Host::new(root).is_err(), "no system");
        for folder in ["usr", "opt", UNIT_FOLDER] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let host = Host::new(root).unwrap();
        assert!(host.undo().steps.is_empty());
        let first = host.install(&release).unwrap();
        assert_eq!(shown(&first).len(), 10, "{:?}", shown(&first));
        assert!(!root.join(CURRENT).exists(), "a plan changes nothing");
        take(&first);
        let key = root.join(CREDENTIALS).join("api-key");
        let made = fs::read_to_string(&key).unwrap();
        assert!(root.join(CURRENT).join("selftest/manifest.json").is_file());

        let again = shown(&host.install(&release).unwrap());
        assert!(
            matches!(again.as_slice(), [a, b] if a.starts_with("link") && b.contains("enable"))
        );
        fs::write(root.join(UNIT_FOLDER).join(TARGET), "of an older release").unwrap();
        assert_eq!(host.install(&release).unwrap().steps.len(), 3);

        take(&host.undo());
        assert!(!root.join(RELEASES).exists() && !root.join(CURRENT).exists());
        assert_eq!(fs::read_to_string(&key).unwrap(), made);
        assert!(host.undo().steps.is_empty());
    }
}
