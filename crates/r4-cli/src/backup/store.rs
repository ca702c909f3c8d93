//! Where backups are: a folder, or a bucket.

mod s3;

use std::cmp::Reverse;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use r4_service::config::Env;

use self::s3::{Bucket, Upload};
use super::manifest::{MOST_BYTES, Manifest, archive_of, manifest_of};
use crate::atomic_file;
use crate::exit::Error;

/// What the name of an archive that is being written ends with.
const PARTIAL: &str = ".partial";

/// A place for backups.
pub(super) enum Store {
    /// A folder.
    Folder(PathBuf),
    /// A part of a bucket.
    S3(Box<Bucket>),
}

/// What is in such a place.
pub(super) struct Listed {
    /// The backups by their names, the newest first.
    pub(super) manifests: Vec<(String, Manifest)>,
    /// Files that belong to none.
    pub(super) strays: Vec<String>,
}

/// An archive that is being written.
pub(super) enum Sink {
    /// A file that does not have its name yet.
    Folder(Unnamed),
    /// An upload in parts.
    S3(Box<Upload>),
}

/// A file that is gone with the value, unless it was given its name.
pub(super) struct Unnamed {
    file: File,
    path: PathBuf,
    done: bool,
}

impl Store {
    /// Takes `s3://bucket/prefix` or a folder.
    ///
    /// # Errors
    /// It cannot be used, or the settings of a bucket are missing.
    pub(super) fn new(name: &str, env: &mut Env) -> Result<Self, Error> {
        if name.starts_with("s3://") {
            return Ok(Self::S3(Box::new(Bucket::new(name, env)?)));
        }
        if name.contains("://") {
            return Err(Error::unusable(name, "a folder or s3://bucket/prefix is needed"));
        }
        Ok(Self::Folder(name.into()))
    }

    /// Reads the manifests of all backups.
    ///
    /// # Errors
    /// The place cannot be read, or a manifest is none.
    pub(super) fn manifests(&self) -> Result<Listed, Error> {
        let names = self.names()?;
        let (mut manifests, mut strays) = (Vec::new(), Vec::new());
        for file in &names {
            if let Some(name) = file.strip_suffix(".json").filter(|name| name.starts_with("r4-")) {
                let mut bytes = Vec::new();
                let read = self.open(file, MOST_BYTES)?.take(MOST_BYTES).read_to_end(&mut bytes);
                read.map_err(|e| Error::unusable(file, e))?;
                let manifest = Manifest::parse(name, &bytes)?;
                if !names.contains(&archive_of(name)) {
                    strays.push(file.clone());
                    continue;
                }
                manifests.push((name.to_owned(), manifest));
            }
        }
        for file in &names {
            let archive = file.strip_suffix(".tar.age").filter(|name| name.starts_with("r4-"));
            if archive.is_some_and(|name| !names.contains(&manifest_of(name))) {
                strays.push(file.clone());
            }
        }
        manifests.sort_by_key(|(_, manifest)| Reverse(manifest.time));
        Ok(Listed { manifests, strays })
    }

    /// Returns the backup of a name, or the newest one.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn find(&self, name: Option<&str>) -> Result<(String, Manifest), Error> {
        let mut found = self.manifests()?.manifests.into_iter();
        let found = found.find(|(known, _)| name.is_none_or(|wanted| wanted == known));
        found.ok_or_else(|| match name {
            Some(name) => {
                Error::unusable(name, "there is no such backup; r4 backup list names them")
            }
            None => Error::unusable(self, "there is no backup"),
        })
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        match self {
            Self::Folder(folder) => {
                let fail = |e: io::Error| Error::unusable(folder.display(), cannot_use(&e));
                let mut names = Vec::new();
                for file in fs::read_dir(folder).map_err(fail)? {
                    names.extend(file.map_err(fail)?.file_name().into_string());
                }
                Ok(names)
            }
            Self::S3(bucket) => bucket.names(),
        }
    }

    /// Opens a file of `size` bytes.
    ///
    /// # Errors
    /// It is not there.
    pub(super) fn open(&self, name: &str, size: u64) -> Result<Box<dyn Read + '_>, Error> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let file = File::open(&path).map_err(|e| Error::unusable(path.display(), e))?;
                Ok(Box::new(file))
            }
            Self::S3(bucket) => Ok(Box::new(bucket.open(name, size))),
        }
    }

    /// Begins a new archive. Left-overs of broken attempts with the same beginning are removed.
    ///
    /// # Errors
    /// It is there already, or cannot be written.
    pub(super) fn create(&self, name: &str) -> Result<Sink, Error> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let fail = |e: io::Error| Error::unusable(folder.display(), cannot_use(&e));
                fs::create_dir_all(folder).map_err(fail)?;
                if path.symlink_metadata().is_ok() {
                    return Err(Error::exists(&path));
                }
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(true).mode(0o600);
                let file = options.open(partial(&path)).map_err(fail)?;
                Ok(Sink::Folder(Unnamed { file, path, done: false }))
            }
            Self::S3(bucket) => Ok(Sink::S3(Box::new(bucket.upload(name)?))),
        }
    }

    /// Removes what broken attempts to write archives with this beginning left.
    pub(super) fn sweep(&self, beginning: &str) -> Result<(), Error> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let left = |name: &String| name.starts_with(beginning) && name.ends_with(PARTIAL);
        for name in self.names().unwrap_or_default().iter().filter(|name| left(name)) {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(|e| Error::unusable(path.display(), e))?;
        }
        Ok(())
    }

    /// Writes a small file as a whole.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => atomic_file::keep(&folder.join(name), bytes),
            Self::S3(bucket) => bucket.put(name, bytes),
        }
    }

    /// Removes a file.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) fn remove(&self, name: &str) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                fs::remove_file(&path).map_err(|e| Error::unusable(path.display(), e))
            }
            Self::S3(bucket) => bucket.remove(name),
        }
    }
}

impl std::fmt::Display for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::S3(bucket) => bucket.fmt(f),
        }
    }
}

impl Sink {
    /// Gives the archive its name, once it is durable.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(self) -> Result<(), Error> {
        match self {
            Self::Folder(mut unnamed) => {
                let Unnamed { file, path, done } = &mut unnamed;
                let folder = path.parent().unwrap_or(path);
                let named = file.sync_all().and_then(|()| fs::rename(partial(path), &path));
                let named = named.and_then(|()| File::open(folder)?.sync_all());
                named.map_err(|e| Error::unusable(path.display(), e))?;
                *done = true;
                Ok(())
            }
            Self::S3(upload) => upload.finish(),
        }
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        if !self.done {
            // What stays is removed by the next attempt.
            drop(fs::remove_file(partial(&self.path)));
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Folder(unnamed) => unnamed.file.write(bytes),
            Self::S3(upload) => upload.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(PARTIAL);
    name.into()
}

fn cannot_use(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "the folder of backups cannot be used: it must belong to \
            the user that runs this (in the containers 10001: chown 10001:10001)"
                .to_owned()
        }
        _ => format!("the folder of backups cannot be used: {error}"),
    }
}
