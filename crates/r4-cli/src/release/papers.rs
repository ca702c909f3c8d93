//! What a release says of itself: the bills of materials and the provenance name one commit, the one
//! that the sealed core was built from, and the files that are there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::sums::Sums;

/// Checks the paper `name`; `git` is the commit in the manifest.
pub(super) fn check(name: &str, bytes: &[u8], sums: &Sums, git: &str) -> Result<(), String> {
    let paper: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("no JSON: {error}"))?;
    match name {
        "SBOM.spdx.json" => {
            expect(&paper, "/spdxVersion", "SPDX-2.3")?;
            let name = text(&paper, "/documentNamespace")?;
            names(name.rsplit('-').next().unwrap_or_default(), git)
        }
        "SBOM.cdx.json" => expect(&paper, "/bomFormat", "CycloneDX"),
        _ => provenance(&paper, name, sums, git),
    }
}

fn provenance(paper: &Value, own: &str, sums: &Sums, git: &str) -> Result<(), String> {
    expect(paper, "/_type", "https://in-toto.io/Statement/v1")?;
    expect(paper, "/predicateType", "https://slsa.dev/provenance/v1")?;
    names(text(paper, "/predicate/buildDefinition/externalParameters/commit")?, git)?;
    let subjects = paper.get("subject").and_then(Value::as_array).ok_or("it has no subject")?;
    let subject = |subject: &Value| {
        let digest = text(subject, "/digest/sha256").ok()?;
        Some((text(subject, "/name").ok()?.to_owned(), digest.to_owned()))
    };
    let about: Option<BTreeMap<_, _>> = subjects.iter().map(subject).collect();
    let about = about.ok_or("a subject has no name or no SHA-256")?;
    let others = sums.iter().filter(|(name, _)| *name != own);
    if about.iter().map(|(name, digest)| (name.as_str(), digest.as_str())).eq(others) {
        return Ok(());
    }
    Err("it is about other files than those of the list".to_owned())
}

/// The manifest has the first digits of the commit.
fn names(commit: &str, git: &str) -> Result<(), String> {
    if commit.len() == 40 && !git.is_empty() && commit.starts_with(git) {
        return Ok(());
    }
    let commit = super::shown(commit);
    Err(format!("it names the commit {commit:?}, and the sealed core's manifest {git:?}"))
}

fn expect(paper: &Value, pointer: &str, wanted: &str) -> Result<(), String> {
    let found = text(paper, pointer)?;
    if found == wanted { Ok(()) } else { Err(format!("{pointer} is not {wanted}")) }
}

fn text<'a>(paper: &'a Value, pointer: &str) -> Result<&'a str, String> {
    let found = paper.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| format!("it has no {pointer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papers_are_of_the_commit_and_of_the_files_of_the_list() {
        let (digest, commit) = ("ab".repeat(32), "0123456789".repeat(4));
        let sums = Sums::parse_any(format!("{digest}  a\n{digest}  provenance.json\n").as_bytes());
        let sums = sums.unwrap();
        let spdx = format!(
            r#"{{"spdxVersion":"SPDX-2.3","documentNamespace":"https://spdx.org/spdxdocs/re4ctor-{commit}"}}"#
        );
        let provenance = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1",
                "subject":[{{"name":"a","digest":{{"sha256":"{digest}"}}}}],
                "predicate":{{"buildDefinition":{{"externalParameters":{{"commit":"{commit}"}}}}}}}}"#
        );
        let cyclonedx = r#"{"bomFormat":"CycloneDX"}"#.to_owned();
        for (name, paper, changes) in [
            ("SBOM.spdx.json", spdx, vec!["SPDX-2.3", &commit]),
            ("SBOM.cdx.json", cyclonedx, vec!["CycloneDX"]),
            (
                "provenance.json",
                provenance,
                vec!["Statement/v1", "/v1\",", "a\",", &digest, &commit],
            ),
        ] {
            let check = |paper: &str| check(name, paper.as_bytes(), &sums, "012345678901");
            assert_eq!(check(&paper), Ok(()));
            assert!(check("[]").is_err() && check("").is_err());
            for change in changes {
                let mut changed = change.to_owned();
                changed.replace_range(..1, "x");
                assert!(check(&paper.replace(change, &changed)).is_err(), "{name}: {change}");
            }
        }
    }
}
