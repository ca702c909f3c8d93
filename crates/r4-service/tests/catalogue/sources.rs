//! Every kind is answered by some code, and by no service that its entry leaves out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use r4_service::kind;
use r4_service::problem::Service;

use crate::files::path;

/// Sources, and what answers with the kinds that they name; the longest path that fits counts.
const HOMES: [(&str, Option<Service>); 7] = [
    ("crates/r4-service/src", None),
    ("crates/r4-core/src", Some(Service::Core)),
    ("crates/r4-vrf/src", Some(Service::Vrf)),
    ("crates/r4-gateway/src", Some(Service::Gateway)),
    ("crates/r4-gateway/src/admin", Some(Service::Admin)),
    ("crates/r4-gateway/src/error", None),
    ("crates/r4-cli/src/witness", Some(Service::Witness)),
];

/// Names kinds, but answers none.
const DESCRIPTION: &str = "crates/r4-gateway/src/openapi";

#[test]
fn what_the_code_answers_is_what_the_catalogue_says() {
    let mut answered = BTreeSet::new();
    for (place, name) in uses() {
        let kind = kind::ALL.iter().find(|kind| constant(kind.slug) == name);
        let kind = kind.unwrap_or_else(|| panic!("kind::{name} has another slug"));
        let home = HOMES.iter().filter(|(home, _)| place.starts_with(path(home).to_str().unwrap()));
        let service = home.max_by_key(|(home, _)| home.len()).and_then(|(_, service)| *service);
        if let Some(service) = service {
            let named = kind.services.contains(&service);
            assert!(named, "{place} answers {}, but its entry has not {service:?}", kind.slug);
        }
        answered.insert(name);
    }
    for kind in kind::ALL {
        assert!(answered.contains(&constant(kind.slug)), "nothing answers {}", kind.slug);
    }
}

fn constant(slug: &str) -> String {
    slug.replace('-', "_").to_uppercase()
}

/// Returns each `kind::NAME` of the sources with its file.
fn uses() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let files = HOMES.iter().flat_map(|(home, _)| rust_files(&path(home)));
    for file in files.filter(|file| !file.starts_with(path(DESCRIPTION))) {
        let text = fs::read_to_string(&file).unwrap();
        for rest in text.split("kind::").skip(1) {
            let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
            let name: String = rest.chars().take_while(|c| is_name(*c)).collect();
            if !name.is_empty() && name != "ALL" {
                found.push((file.to_str().unwrap().to_owned(), name));
            }
        }
    }
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let files = paths.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}
