//! Headers of answers.

use serde_json::{Map, Value, json};

/// One header: its name, an example, and what it says.
struct Header {
    name: &'static str,
    example: &'static str,
    description: &'static str,
    on: On,
}

/// The answers that have a header.
#[derive(Clone, Copy)]
enum On {
    /// Every one.
    Every,
    /// Those that are counted against a limit: every good one, and refusals of a caller.
    Counted,
    /// Those after which a caller may try again.
    Retry,
    /// Those about a key.
    Key,
    /// Good ones.
    Good,
}

const ALL: [Header; 10] = [
    Header {
        name: "X-Request-Id",
        example: "4b1d7c0e9a2f35680000000000000001",
        description: "Names the request in the node's logs; the caller's own, if it sent a sane one",
        on: On::Every,
    },
    Header {
        name: "RateLimit-Policy",
        example: "\"default\";q=10;w=1",
        description: "The tighter limit: q units in w seconds",
        on: On::Counted,
    },
    Header {
        name: "RateLimit",
        example: "\"default\";r=9;t=1",
        description: "Where the caller stands: r units left, all back in t seconds",
        on: On::Counted,
    },
    Header {
        name: "RateLimit-Limit",
        example: "10",
        description: "q, in the older form",
        on: On::Counted,
    },
    Header {
        name: "RateLimit-Remaining",
        example: "9",
        description: "r, in the older form",
        on: On::Counted,
    },
    Header {
        name: "RateLimit-Reset",
        example: "1",
        description: "t, in the older form",
        on: On::Counted,
    },
    Header {
        name: "Retry-After",
        example: "1",
        description: "Seconds after which to try again",
        on: On::Retry,
    },
    Header {
        name: "WWW-Authenticate",
        example: "ApiKey",
        description: "That an API key is wanted",
        on: On::Key,
    },
    Header {
        name: "Cache-Control",
        example: "no-store",
        description: "Whether and for how long the answer may be kept",
        on: On::Good,
    },
    Header {
        name: "Content-Length",
        example: "32",
        description: "Bytes of the body; a body that ends before is broken",
        on: On::Good,
    },
];

/// Returns the headers for the description's components.
pub(super) fn components() -> Map<String, Value> {
    let described = ALL.iter().map(|header| {
        let value = json!({
            "description": header.description,
            "required": matches!(header.on, On::Every | On::Counted),
            "schema": { "type": "string" },
            "example": header.example,
        });
        (header.name.to_owned(), value)
    });
    described.collect()
}

/// Adds to `headers` those that an answer of `status` has.
pub(super) fn add(status: &str, headers: &mut Map<String, Value>) {
    for Header { name, on, .. } in &ALL {
        let applies = match on {
            On::Every => true,
            On::Counted => matches!(status, "200" | "400" | "401" | "403" | "429"),
            On::Retry => matches!(status, "429" | "503"),
            On::Key => status == "401",
            On::Good => status == "200",
        };
        if applies {
            let component = json!({ "$ref": format!("#/components/headers/{name}") });
            headers.insert((*name).to_owned(), component);
        }
    }
}
