//! docs/errors.md.

use std::fmt::Write as _;

use r4_service::Kind;

const HEAD: &str = "\
# Errors

<!-- Made from crates/r4-service/src/problem/kind.rs: \
R4_WRITE_DOCS=1 cargo test -p r4-service --test catalogue -->

Every error of every service is an `application/problem+json` document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)):

| field | what |
|---|---|
| `type` | `/errors/` and the name below; on a node with a site it leads to the entry of that name |
| `title` | the status in words |
| `status` | the HTTP status |
| `detail` | what is wrong this time and what to do, in a sentence for people; it may change, so do not parse it |

A program tells problems apart by `type`, whose name and status never change. It may try again after 408, 429, 503 and the
409 `idempotency-in-progress`, after the seconds of the header `Retry-After` where there is one; after any other, the same
request is refused again. `X-Request-Id` of an answer is the id under which the services' logs have the request.

";

/// Returns the text for `kinds`, a table and an entry each.
pub(crate) fn text(kinds: &[&Kind]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("| name | status | meaning |\n|---|--:|---|\n");
    for kind in kinds {
        let (slug, status, meaning) = (kind.slug, kind.status.as_u16(), kind.meaning);
        writeln!(text, "| [`{slug}`](#{slug}) | {status} | {meaning} |").unwrap();
    }
    for kind in kinds {
        entry(&mut text, kind);
    }
    text
}

fn entry(text: &mut String, kind: &Kind) {
    let example = serde_json::to_string_pretty(&kind.example_document()).unwrap();
    let services: Vec<_> = kind.services.iter().map(|service| service.name()).collect();
    let (slug, services) = (kind.slug, services.join(", "));
    let (status, meaning, remedy) = (kind.status, kind.meaning, kind.remedy);
    write!(
        text,
        "\n## {slug}\n\n{status}, from {services}. {meaning}\n\n**What to do:** {remedy}\n\n\
         ```json\n{example}\n```\n"
    )
    .unwrap();
}
