//! Images of Docker: which one a name means, and what is in it.

use std::io::{BufReader, Read};
use std::process::Stdio;

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::compose::{docker, output, parse};
use super::secrets::{self, Secret};
use crate::exit::Error;

/// The first bytes of a layer that is compressed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An image on this machine.
#[derive(Debug)]
pub(super) struct Image {
    /// `sha256:` and what its configuration hashes to: it names this image alone.
    pub(super) id: String,
    /// The digest that a registry knows it by.
    pub(super) digest: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    repo_digests: Option<Vec<String>>,
}

/// Finds the image of a name, if it is on this machine.
///
/// # Errors
/// Docker does not answer.
pub(super) fn find(reference: &str) -> Result<Option<Image>, Error> {
    let listed = output(&mut docker(["image", "ls", "--quiet", "--no-trunc", reference]))?;
    if listed.trim().is_empty() && !reference.starts_with("sha256:") {
        return Ok(None);
    }
    let said = output(&mut docker(["image", "inspect", "--format", "{{json .}}", reference]))?;
    let found: Inspected = parse("docker image inspect", &said)?;
    let digest = found.repo_digests.unwrap_or_default().into_iter().next();
    let digest = digest.and_then(|full| full.split_once('@').map(|(_, digest)| digest.to_owned()));
    Ok(Some(Image { id: found.id, digest }))
}

impl Image {
    /// Returns the names of the secrets that are anywhere in the image: its settings, the commands that made it,
    /// every file of every layer.
    ///
    /// # Errors
    /// Docker does not write it out.
    pub(super) fn secrets(&self, sought: &[Secret]) -> Result<Vec<String>, Error> {
        let mut command = docker(["image", "save", &self.id]);
        let fail = |error: std::io::Error| Error::unusable("docker image save", error);
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(fail)?;
        let mut names = Vec::new();
        if let Some(out) = child.stdout.take() {
            let mut saved = tar::Archive::new(BufReader::new(out));
            for entry in saved.entries().map_err(fail)? {
                let found = secrets::within(unpacked(entry.map_err(fail)?).map_err(fail)?, sought);
                names.extend(found.map_err(fail)?);
            }
        }
        let status = child.wait().map_err(fail)?;
        if !status.success() {
            return Err(Error::unusable("docker image save", format!("it failed ({status})")));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// Reads a layer as it is, or decompressed.
fn unpacked<'a>(mut entry: impl Read + 'a) -> std::io::Result<Box<dyn Read + 'a>> {
    let mut first = Vec::new();
    (&mut entry).take(2).read_to_end(&mut first)?;
    let packed = first == GZIP;
    let whole = std::io::Cursor::new(first).chain(entry);
    Ok(if packed { Box::new(GzDecoder::new(whole)) } else { Box::new(whole) })
}
