//! What a release says of itself: two bills of materials and where it comes from.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Commit, files, said, sha256};
use crate::environment;

/// Name of the whole in the bills.
const NAME: &str = "re4ctor";

/// Writes the crates of the workspace and all that they are compiled with, by `cargo sbom`, as
/// SPDX 2.3 and as `CycloneDX` 1.6.
pub(super) fn write_bills(commit: &Commit, out: &Path) -> Result<()> {
    // Time, folder and user of this build, and a random name, are not of the commit.
    let mut spdx = bill("spdx_json_2_3")?;
    set(&mut spdx, "/creationInfo/created", &commit.date)?;
    let namespace = format!("https://spdx.org/spdxdocs/{NAME}-{}", commit.id);
    set(&mut spdx, "/documentNamespace", &namespace)?;
    set(&mut spdx, "/name", NAME)?;
    if let Some(packages) = spdx.pointer_mut("/packages").and_then(Value::as_array_mut) {
        packages.iter_mut().for_each(locate);
    }
    write(&spdx, &out.join("SBOM.spdx.json"))?;

    let mut cyclonedx = bill("cyclone_dx_json_1_6")?;
    drop_field(&mut cyclonedx, "", "serialNumber");
    drop_field(&mut cyclonedx, "/metadata", "authors");
    set(&mut cyclonedx, "/metadata/timestamp", &commit.date)?;
    set(&mut cyclonedx, "/metadata/component/name", NAME)?;
    write(&cyclonedx, &out.join("SBOM.cdx.json"))
}

fn bill(format: &str) -> Result<Value> {
    let mut cargo = Command::new(environment::cargo());
    cargo.args(["sbom", "--output-format", format]).current_dir(environment::root());
    let text = said(cargo).context("install it by: cargo install --locked cargo-sbom")?;
    let mut bill = serde_json::from_str(&text).context("cargo sbom")?;
    settle(&mut bill);
    Ok(bill)
}

/// Says where a package of crates.io is, which the tool says in a way that is no address.
fn locate(package: &mut Value) {
    let text = |field| package.get(field).and_then(Value::as_str);
    let from_registry = text("downloadLocation").is_some_and(|at| at.starts_with("registry+"));
    if let (true, Some(name), Some(version)) = (from_registry, text("name"), text("versionInfo")) {
        let address = format!("https://static.crates.io/crates/{name}/{name}-{version}.crate");
        if let Some(fields) = package.as_object_mut() {
            fields.insert("downloadLocation".to_owned(), json!(address));
        }
    }
}

fn set(bill: &mut Value, pointer: &str, text: &str) -> Result<()> {
    let field = bill.pointer_mut(pointer);
    *field.with_context(|| format!("the bill has no {pointer}"))? = json!(text);
    Ok(())
}

fn drop_field(bill: &mut Value, pointer: &str, name: &str) {
    if let Some(fields) = bill.pointer_mut(pointer).and_then(Value::as_object_mut) {
        fields.remove(name);
    }
}

/// Sorts every list and takes out what is in it twice: in both formats they are sets, and the tool
/// writes them in an order of chance. Gives SPDX's identifiers no signs that they may not have.
fn settle(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(settle);
            items.sort_by_cached_key(Value::to_string);
            items.dedup();
        }
        Value::Object(fields) => fields.values_mut().for_each(settle),
        Value::String(text) if text.starts_with("SPDXRef-") => *text = text.replace('_', "--"),
        _ => {}
    }
}

/// Writes an in-toto statement with SLSA's provenance about the files in `out`
/// (in-toto Statement v1, SLSA Provenance v1). It is signed by way of the list of digests.
pub(super) fn write_provenance(commit: &Commit, out: &Path) -> Result<()> {
    let mut subjects = Vec::new();
    for (name, path) in files(out)? {
        subjects.push(json!({ "name": name, "digest": { "sha256": sha256(&path)? } }));
    }
    let mut rustc = Command::new("rustc");
    rustc.arg("--version");
    let lock = sha256(&environment::root().join("Cargo.lock"))?;
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:re4ctor:cargo-xtask-release:1",
                "externalParameters": { "commit": commit.id },
                "internalParameters": { "compiler": said(rustc)? },
                "resolvedDependencies": [
                    { "name": "source", "digest": { "gitCommit": commit.id } },
                    { "name": "Cargo.lock", "digest": { "sha256": lock } },
                ],
            },
            // Whoever has the key that signs the list of digests.
            "runDetails": { "builder": { "id": "urn:re4ctor:signer-of-the-list" } },
        },
    });
    write(&statement, &out.join("provenance.json"))
}

fn write(paper: &Value, path: &Path) -> Result<()> {
    fs::write(path, format!("{paper:#}\n"))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_settled() {
        let mut value = json!({"b": [3, 1, {"x": ["z", "a", "z"]}, 1], "a": "SPDXRef-a_b"});
        settle(&mut value);
        assert_eq!(value, json!({"a": "SPDXRef-a--b", "b": [1, 3, {"x": ["a", "z"]}]}));
    }

    #[test]
    fn a_package_of_the_registry_has_an_address() {
        let at = |location: &str| {
            let mut package =
                json!({"name": "tar", "versionInfo": "0.4.46", "downloadLocation": location});
            locate(&mut package);
            package["downloadLocation"].clone()
        };
        let address = "https://static.crates.io/crates/tar/tar-0.4.46.crate";
        assert_eq!(at("registry+https://github.com/rust-lang/crates.io-index"), address);
        assert_eq!(at("NONE"), "NONE");
    }
}
