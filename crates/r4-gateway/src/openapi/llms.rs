//! `/llms.txt` (llmstxt.org): what the node is and how to ask it, for language models.

use std::fmt::Write as _;

use serde_json::Value;

use super::reading::{self, Read};

/// Longest body that stands in a command; a longer one is a file.
const SHORT_BODY: usize = 200;

const LEAD: &str = "\
`$R4_URL` is this node's address, `$R4_API_KEY` an API key that its operator gives out. Keys go into the header
`X-API-Key`; routes marked \"no key\" need none. Numbers of receipts and of the log are decimal strings, hex is `0x` and
lowercase. JSON bodies are strict: an unknown or repeated field or parameter is refused.

Which to take: random bytes that stay secret are `/v1/random`. Randomness that others must be able to check is
`/v1/vrf`, or `/v1/draws` for winners, shuffles, numbers, dice, cards and UUIDs; both are public and never secrets.
Choose the input (`alpha`, `label`) before anybody can know the output, and let it hold something that nobody could know
then, such as a later block hash: who may ask the node can try inputs until one pleases.
";

const END: &str = "\
## Verify

Do not ask the node whether it is honest. Fetch `/v1/keys` once, keep it, and check receipts and draws offline:

- `r4 verify --keys keys.json receipt.json`, `r4 draw verify --keys keys.json draw.json`
- in a browser: `/verify.html` of the node's site, which works from disk too
- in a program: the Python and TypeScript clients and the Solidity verifier of the project

A receipt proves that `random` is the one output for this key and input, who signed it, and that it is in the log. It does
not prove that the operator could not know outputs in advance; `/v1/meta` lists what is not proved.

## Errors

Every error is `application/problem+json` (RFC 9457): `{\"type\":\"/errors/<name>\",\"title\",\"status\",\"detail\"}`. `detail`
says what to do. After 408, 429 and 503 wait for the seconds of `Retry-After`, then try again; after any other, change
the request. A POST with an `Idempotency-Key` can be sent again without being done twice.

- [Every error](/errors.html): what it means and what to do
- [OpenAPI 3.1](/openapi.json): every parameter, answer and error, with examples
- [Postman and Bruno collection](/postman.json)
- [The same for people](/docs), with a panel to try it
";

/// Returns the text.
pub(super) fn text(document: &Value) -> String {
    let title = reading::text(document, &["info", "title"]);
    let about = reading::text(document, &["info", "description"]);
    let mut text = format!("# {title}\n\n> {about}\n\n{LEAD}\n");
    for (tag, description) in reading::tags(document) {
        let _ = writeln!(text, "## {tag}\n\n{description}.\n");
        for operation in reading::operations(document, tag) {
            line(&mut text, &operation);
        }
        text.push('\n');
    }
    text + END
}

fn line(text: &mut String, operation: &Read<'_>) {
    let Read { method, path, .. } = operation;
    let key = if operation.needs_key() { "" } else { " (no key)" };
    let summary = operation.summary().replace('\n', " ");
    let _ = writeln!(text, "- `{method} {path}`{key}: {summary} `{}`", command(operation));
}

/// Returns the command that asks for it with its examples.
fn command(operation: &Read<'_>) -> String {
    let mut command = "curl".to_owned();
    if operation.needs_key() {
        command.push_str(" -H \"X-API-Key: $R4_API_KEY\"");
    }
    if let Some(body) = operation.body() {
        let body = body.to_string();
        let short = body.len() <= SHORT_BODY && !body.contains('\'');
        let data = if short { format!("'{body}'") } else { "@receipt.json".to_owned() };
        let _ = write!(command, " -H 'Content-Type: application/json' -d {data}");
    }
    let _ = write!(command, " \"$R4_URL{}\"", target(operation));
    command
}

/// Returns the path and query with the examples of what is needed.
fn target(operation: &Read<'_>) -> String {
    let mut path = operation.path.to_owned();
    for parameter in operation.parameters("path") {
        path = path.replace(&format!("{{{}}}", parameter.name), &parameter.example);
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for parameter in operation.parameters("query").iter().filter(|parameter| parameter.required) {
        query.append_pair(parameter.name, &parameter.example);
    }
    let query = query.finish();
    if query.is_empty() { path } else { format!("{path}?{query}") }
}
