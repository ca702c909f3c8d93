//! Both files are what the catalogue makes of them.

use std::path::{Path, PathBuf};

use r4_service::kind;

use crate::{markdown, page};

const COMMAND: &str = "R4_WRITE_DOCS=1 cargo test -p r4-service --test catalogue";

/// Returns the path of a file of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

#[expect(clippy::disallowed_methods, reason = "asked for by hand, in tests alone")]
fn asked_to_write() -> bool {
    std::env::var_os("R4_WRITE_DOCS").is_some()
}

fn is_what_is_made(name: &str, made: &str) {
    if asked_to_write() {
        std::fs::write(path(name), made).unwrap();
    }
    let committed = std::fs::read_to_string(path(name)).unwrap_or_default();
    assert!(made == committed, "{name} differs; `{COMMAND}` writes it");
}

#[test]
fn the_text_is_what_the_catalogue_says() {
    is_what_is_made("docs/errors.md", &markdown::text(kind::ALL));
}

#[test]
fn the_page_is_what_the_catalogue_says() {
    let index = std::fs::read_to_string(path("site/index.html")).unwrap();
    is_what_is_made("site/errors.html", &page::html(kind::ALL, &index));
}
