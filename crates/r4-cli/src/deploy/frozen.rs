//! What runs, kept so that it can be put back: Compose's own understanding of a folder, with the ids of the
//! images, and copies of the files that containers see.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use r4_service::clock::unix_now;
use serde_json::{Value, json};

use super::compose::{Config, Project, Service, Volume, from_value, parse};
use crate::atomic_file::{self, FolderLock};
use crate::exit::Error;
use crate::file_tree;

/// The folder in the project's.
const FOLDER: &str = ".deploy";
/// What runs, what ran before, and what is being tried.
const CURRENT: &str = "current";
const PREVIOUS: &str = "previous";
const CANDIDATE: &str = "candidate";
/// The description in each of them.
const DESCRIPTION: &str = "compose.json";
/// Copies of files, each in a folder that is named by what is in it.
const FILES: &str = "files";

/// The deployments of a project.
#[derive(Debug)]
pub(super) struct Deployments {
    folder: PathBuf,
    _lock: FolderLock,
}

/// A deployment that can be put in place.
#[derive(Clone, Debug)]
pub(super) struct Deployment(PathBuf);

impl Deployment {
    /// Returns the file for `docker compose -f`.
    pub(super) fn file(&self) -> PathBuf {
        self.0.join(DESCRIPTION)
    }

    /// Returns its services, each after those that it depends on.
    ///
    /// # Errors
    /// The description cannot be read.
    pub(super) fn in_order(&self) -> Result<Vec<String>, Error> {
        let file = self.file();
        let text =
            fs::read_to_string(&file).map_err(|error| Error::unusable(file.display(), error))?;
        let config: Config = parse(&file.display().to_string(), &text)?;
        Ok(in_order(&config))
    }
}

impl Deployments {
    /// Opens the folder; one command at a time has it.
    ///
    /// # Errors
    /// It cannot be used, or another command is at work.
    pub(super) fn open(project: &Project) -> Result<Self, Error> {
        let folder = project.dir.join(FOLDER);
        let fail = |error: io::Error| Error::unusable(folder.display(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fail)?;
        let lock = FolderLock::take(&folder)?;
        Ok(Self { folder, _lock: lock })
    }

    /// Returns what runs, if it was put in place by an update.
    pub(super) fn current(&self) -> Option<Deployment> {
        self.named(CURRENT)
    }

    /// Returns what ran before.
    pub(super) fn previous(&self) -> Option<Deployment> {
        self.named(PREVIOUS)
    }

    /// Returns what is being tried, or was when an update was cut short.
    pub(super) fn candidate(&self) -> Option<Deployment> {
        self.named(CANDIDATE)
    }

    /// Tells whether an update was cut short.
    pub(super) fn is_unfinished(&self) -> bool {
        self.folder.join(CANDIDATE).exists()
    }

    fn named(&self, name: &str) -> Option<Deployment> {
        let found = Deployment(fs::canonicalize(self.folder.join(name)).ok()?);
        found.file().is_file().then_some(found)
    }

    /// Keeps what Compose makes of the folder, with these images for the services.
    ///
    /// # Errors
    /// Something cannot be copied.
    pub(super) fn freeze(
        &self,
        project: &Project,
        config: Value,
        images: &BTreeMap<String, String>,
    ) -> Result<Deployment, Error> {
        let fail = |error: io::Error| Error::unusable(self.folder.display(), error);
        let number = fs::read_dir(&self.folder).map_err(fail)?.count();
        let into = self.folder.join(format!("{}-{number}", unix_now()));
        DirBuilder::new().mode(0o700).create(&into).map_err(fail)?;
        let config = freeze(project, config, images, &self.folder.join(FILES))?;
        let text = serde_json::to_vec_pretty(&config).map_err(Error::failed)?;
        let deployment = Deployment(into);
        atomic_file::keep(&deployment.file(), &text)?;
        Ok(deployment)
    }

    /// Notes what is being tried.
    ///
    /// # Errors
    /// The note cannot be written.
    pub(super) fn try_out(&self, deployment: &Deployment) -> Result<(), Error> {
        self.point(CANDIDATE, deployment)
    }

    /// Notes what runs from now on; what ran is the previous one, unless it is the same.
    ///
    /// # Errors
    /// The note cannot be written.
    pub(super) fn settle(&self, deployment: &Deployment) -> Result<(), Error> {
        if let Some(before) = self.current().filter(|current| current.0 != deployment.0) {
            self.point(PREVIOUS, &before)?;
        }
        self.point(CURRENT, deployment)?;
        self.finish()
    }

    /// Notes that nothing is being tried, and removes what nothing points at.
    ///
    /// # Errors
    /// The note cannot be removed.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let fail = |error: io::Error| Error::unusable(self.folder.display(), error);
        atomic_file::remove(&self.folder.join(CANDIDATE)).map_err(fail)?;
        let kept: Vec<Deployment> =
            [self.current(), self.previous()].into_iter().flatten().collect();
        self.keep_folders(&self.folder, |path| {
            path.ends_with(FILES) || kept.iter().any(|kept| kept.0 == path)
        })?;
        let texts: Vec<String> = kept
            .iter()
            .map(|kept| fs::read_to_string(kept.file()))
            .collect::<Result<_, _>>()
            .map_err(fail)?;
        self.keep_folders(&self.folder.join(FILES), |path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            texts.iter().any(|text| text.contains(&*name))
        })
    }

    /// Removes the folders in `folder` that are not to be kept.
    fn keep_folders(&self, folder: &Path, keep: impl Fn(&Path) -> bool) -> Result<(), Error> {
        let fail = |error: io::Error| Error::unusable(self.folder.display(), error);
        if !folder.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if entry.file_type().map_err(fail)?.is_dir() && !keep(&entry.path()) {
                fs::remove_dir_all(entry.path()).map_err(fail)?;
            }
        }
        Ok(())
    }

    /// Lets a name mean a deployment.
    fn point(&self, name: &str, deployment: &Deployment) -> Result<(), Error> {
        atomic_file::link(&self.folder.join(name), &deployment.0)
            .map_err(|error| Error::unusable(self.folder.display(), error))
    }
}

fn in_order(config: &Config) -> Vec<String> {
    let mut left: Vec<&String> = config.services.keys().collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let waits = |name: &String| {
            let service = config.services.get(name);
            service.is_some_and(|service| {
                service.depends_on.keys().any(|needed| left.contains(&needed))
            })
        };
        // Compose refuses circles, so there is one that waits for none.
        let first = left.iter().position(|name| !waits(name)).unwrap_or_default();
        order.push(left.remove(first).clone());
    }
    order
}

/// Rewrites Compose's understanding so that it no longer depends on the folder or on names of images.
fn freeze(
    project: &Project,
    mut config: Value,
    images: &BTreeMap<String, String>,
    files: &Path,
) -> Result<Value, Error> {
    let typed: Config = from_value("docker compose config", config.clone())?;
    let services = config.get_mut("services").and_then(Value::as_object_mut);
    for (name, service) in services.into_iter().flatten() {
        let (Some(fields), Some(known)) = (service.as_object_mut(), typed.services.get(name))
        else {
            continue;
        };
        let Some(image) = images.get(name) else {
            return Err(Error::unusable(name, "it has no image on this machine"));
        };
        fields.remove("build");
        // Compose takes no description that names a service of a profile that is off.
        if let Some(needed) = fields.get_mut("depends_on").and_then(Value::as_object_mut) {
            needed.retain(|other, _| typed.services.contains_key(other));
        }
        fields.insert("image".to_owned(), json!(image));
        fields.insert("pull_policy".to_owned(), json!("never"));
        let volumes = fields.get_mut("volumes").and_then(Value::as_array_mut);
        for (volume, known_volume) in volumes.into_iter().flatten().zip(&known.volumes) {
            let Some(source) = file_of(project, known, known_volume) else { continue };
            let copy =
                copied(source, files).map_err(|error| Error::unusable(source.display(), error))?;
            if let Some(volume) = volume.as_object_mut() {
                volume.insert("source".to_owned(), json!(copy));
            }
        }
    }
    Ok(config)
}

/// Returns what of the folder a service reads there. What it writes is its state, and secrets are changed in
/// place: of these there are no copies.
fn file_of<'a>(project: &Project, service: &Service, volume: &'a Volume) -> Option<&'a Path> {
    let source = volume.source.as_deref().filter(|_| volume.kind == "bind" && volume.read_only)?;
    let ours = source.starts_with(&project.dir) && !is_of_secrets(service, &volume.target);
    ours.then_some(source)
}

/// Copies a file or a folder to a place that only this content has: what has not changed stays where containers
/// see it, and they need not be started again.
fn copied(source: &Path, files: &Path) -> io::Result<PathBuf> {
    let place = files.join(file_tree::digest(source)?);
    let copy = place.join(source.file_name().unwrap_or_default());
    if copy.exists() {
        return Ok(copy);
    }
    let part = place.with_extension("part");
    remove_folder(&part)?;
    fs::create_dir_all(&part)?;
    file_tree::copy(source, &part.join(source.file_name().unwrap_or_default()))?;
    remove_folder(&place)?;
    fs::rename(part, &place)?;
    Ok(copy)
}

/// Removes a folder, if it is there.
fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Tells whether a place in the container is where a service reads secrets from: those are changed in place.
fn is_of_secrets(service: &Service, target: &Path) -> bool {
    let files = service.environment.iter().filter(|(name, _)| name.ends_with("_FILE"));
    files.filter_map(|(_, value)| value.as_ref()).any(|value| Path::new(value).starts_with(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_starts_after_those_it_depends_on() {
        let text = r#"{"services": {
            "caddy": {"depends_on": {"gateway": {}}}, "core": {},
            "gateway": {"depends_on": {"core": {}, "vrf": {}}}, "vrf": {"depends_on": {"core": {}}}
        }}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        assert_eq!(in_order(&config), ["core", "vrf", "gateway", "caddy"]);
    }

    #[test]
    fn what_has_not_changed_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (site, files) = (folder.path().join("site"), folder.path().join("files"));
        fs::create_dir(&site).unwrap();
        fs::write(site.join("index.html"), "one").unwrap();
        let first = copied(&site, &files).unwrap();
        assert_eq!(copied(&site, &files).unwrap(), first);
        fs::write(site.join("index.html"), "two").unwrap();
        let second = copied(&site, &files).unwrap();
        assert_ne!(second, first);
        for (copy, text) in [(first, "one"), (second, "two")] {
            assert_eq!(fs::read_to_string(copy.join("index.html")).unwrap(), text);
        }
    }
}
