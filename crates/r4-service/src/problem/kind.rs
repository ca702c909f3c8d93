//! The catalogue of problems: every kind that any service of the node answers, once.
//!
//! `docs/errors.md` and `site/errors.html` are made of it.

use axum::http::StatusCode;

use super::Service::{Admin, Core, Gateway, Vrf, Witness};
use super::{Kind, Service};

const EVERY: &[Service] = &[Core, Vrf, Gateway, Admin, Witness];
const NODE: &[Service] = &[Core, Vrf, Gateway];
const CORE: &[Service] = &[Core];
const BYTES: &[Service] = &[Core, Gateway];
const RECEIPTS: &[Service] = &[Vrf, Gateway];
const PUBLIC: &[Service] = &[Gateway];
const KEEPING: &[Service] = &[Gateway, Admin];
const BODIES: &[Service] = &[Vrf, Gateway, Admin];
const HOSTS: &[Service] = &[Core, Vrf, Gateway, Admin];
const ADMIN: &[Service] = &[Admin];
const WITNESS: &[Service] = &[Witness];

/// Makes a constant of each kind, and of all of them [`ALL`].
macro_rules! kinds {
    ($($name:ident $status:ident $slug:literal $services:ident
        $meaning:literal $remedy:literal $example:literal;)*) => {
        /// Every kind, in the order of the catalogue.
        pub const ALL: &[&Kind] = &[$($name),*];
        $(
            #[doc = $meaning]
            pub const $name: &Kind = &Kind {
                slug: $slug,
                status: StatusCode::$status,
                services: $services,
                meaning: $meaning,
                remedy: $remedy,
                example: $example,
            };
        )*
    };
}

kinds! {
    MISSING_PARAMETER BAD_REQUEST "missing-parameter" NODE
        "A parameter that the path needs was not given."
        "Give it; `detail` names it and shows a good value."
        "parameter n is missing, for example n=32";
    INVALID_PARAMETER BAD_REQUEST "invalid-parameter" HOSTS
        "A parameter has a value that the path does not take."
        "Correct the value; `detail` names the parameter and says what it may be."
        "n must be a whole number from 1 to 1000000";
    UNKNOWN_PARAMETER BAD_REQUEST "unknown-parameter" EVERY
        "The query has a parameter that the path does not know. Nothing is ignored."
        "Leave it out or correct its name; `detail` lists the names that the path takes."
        "unknown parameter \"m\": this path takes n, fmt, key";
    REPEATED_PARAMETER BAD_REQUEST "repeated-parameter" EVERY
        "The query has a parameter twice."
        "Give it once."
        "parameter n is given more than once";
    MALFORMED_QUERY BAD_REQUEST "malformed-query" EVERY
        "The query is not URL-encoded."
        "Write a percent sign as `%25`, or let a library encode the query."
        "the query has a % that two hex digits do not follow";
    INVALID_ALPHA BAD_REQUEST "invalid-alpha" RECEIPTS
        "`alpha`, the input of the VRF, is not 1 to 1024 bytes in hexadecimal."
        "Encode the input in hexadecimal; a longer one can be hashed first."
        "alpha must be 1 to 1024 bytes in hexadecimal: it has an odd number of digits";
    RESERVED_ALPHA BAD_REQUEST "reserved-alpha" RECEIPTS
        "`alpha` begins with the bytes `r4/`, which the node keeps for inputs of its own, or with `r4-draw/`, which is how draws begin."
        "Use another input, or leave `alpha` out; order a draw at `/v1/draws`."
        "an alpha that begins with the bytes r4/ (0x72342f) is the node's own: with it one could ask for other callers' future outputs";
    INVALID_DRAW BAD_REQUEST "invalid-draw" PUBLIC
        "The order of a draw asks for something that no draw can give."
        "Correct the field that `detail` names; docs/draws.md has the bounds of every kind."
        "k must be a whole number from 1 to n, which is 10";
    INVALID_ID BAD_REQUEST "invalid-id" RECEIPTS
        "The path has no id of a receipt or draw."
        "Use the `id` of a receipt or draw as it stands there."
        "the id of a receipt is 0x and 64 lower-case hexadecimal digits";
    INVALID_TILE BAD_REQUEST "invalid-tile" RECEIPTS
        "The path is none of a tile of the log."
        "Write the path as c2sp.org/tlog-tiles says."
        "the path is none of a tile: tile/<level>/<number>[.p/<width>] or tile/entries/<number>[.p/<width>], with the number in groups as x001/x234/067";
    INVALID_BODY BAD_REQUEST "invalid-body" BODIES
        "The body is not the JSON that the path takes."
        "Send one JSON object with known fields, each once; `detail` says what is wrong."
        "the body must be a JSON object";
    BROKEN_BODY BAD_REQUEST "broken-body" KEEPING
        "The body ended before it was complete."
        "Send the request again, whole."
        "the body of the request ended before it was complete";
    UNEXPECTED_BODY BAD_REQUEST "unexpected-body" HOSTS
        "A body came with a method that takes none."
        "Put parameters into the query of a GET, or use POST where the path has it."
        "this method takes no body";
    INVALID_IDEMPOTENCY_KEY BAD_REQUEST "invalid-idempotency-key" PUBLIC
        "The header `Idempotency-Key` is empty, too long, given twice, or has other than visible ASCII characters."
        "Send one random key for each piece of work, such as a UUID."
        "Idempotency-Key must be one value of 1 to 255 visible ASCII characters, for example a UUID";
    INVALID_API_KEY UNAUTHORIZED "invalid-api-key" NODE
        "The request has no API key, or one that the node does not know."
        "Send the key in the header `X-API-Key`, once. Ask the operator of the node for one."
        "invalid api key";
    EXPIRED_API_KEY UNAUTHORIZED "expired-api-key" PUBLIC
        "The API key was good until a day that is over, or until it was replaced."
        "Use the new key, or ask the operator of the node for one."
        "this API key has expired";
    REVOKED_API_KEY UNAUTHORIZED "revoked-api-key" PUBLIC
        "The API key was taken back."
        "Ask the operator of the node for a new one."
        "this API key was revoked";
    INVALID_ADMIN_TOKEN UNAUTHORIZED "invalid-admin-token" ADMIN
        "The request to the admin API has no token, or a wrong one."
        "Send `Authorization: Bearer` and the token, which is R4_ADMIN_TOKEN or the file admin.token in R4_STATE_DIR."
        "the admin token is missing or wrong";
    WEAK_API_KEY FORBIDDEN "weak-api-key" NODE
        "The API key is well known or short, and the caller is not on a local network."
        "The operator sets R4_API_KEY to at least 16 random characters, or makes keys with `r4 keys create`."
        "this node still uses a well-known or short API key, which is accepted from local addresses only; set R4_API_KEY to at least 16 random characters and restart the node";
    MISSING_SCOPE FORBIDDEN "missing-scope" PUBLIC
        "The API key may not use this path."
        "Use a key that has the scope which `detail` names, or ask the operator of the node for one."
        "this API key has not the scope draws";
    NOT_FOUND NOT_FOUND "not-found" EVERY
        "There is no such path."
        "Look for the path in /docs; note that all public paths but /docs and the descriptions begin with /v1/."
        "there is no such path";
    UNKNOWN_RECEIPT NOT_FOUND "unknown-receipt" RECEIPTS
        "The log has no receipt of this id, or nothing of it was kept, as of attested bytes."
        "Check the id. Keep what /v1/random_dual answers: the node does not."
        "the log has no receipt of this id";
    UNKNOWN_DRAW NOT_FOUND "unknown-draw" PUBLIC
        "The id is of no draw of this node."
        "Check the id; a receipt that is no draw is under /v1/receipts/."
        "the log has no draw of this id";
    NO_TILE NOT_FOUND "no-tile" RECEIPTS
        "The log has not grown so far."
        "Read /v1/log/checkpoint, and ask for tiles of that size."
        "the log has not grown so far";
    DEMO_OFF NOT_FOUND "demo-off" PUBLIC
        "The demonstration is turned off on this node."
        "Use an API key; the operator turns the demonstration on with R4_DEMO=1."
        "the demonstration is turned off on this node";
    UNKNOWN_KEY NOT_FOUND "unknown-key" ADMIN
        "No API key has this id or name."
        "See `r4 keys list`."
        "no API key has the id or name alice";
    UNKNOWN_LOG NOT_FOUND "unknown-log" WITNESS
        "The witness does not cosign this log."
        "The operator of the witness adds the log's verifier keys."
        "this witness does not know the log \"node.example/log\"";
    METHOD_NOT_ALLOWED METHOD_NOT_ALLOWED "method-not-allowed" EVERY
        "The path does not take this method."
        "Use one of the methods that the header `Allow` lists."
        "this path does not take that method";
    SLOW_BODY REQUEST_TIMEOUT "slow-body" BODIES
        "The body did not arrive in time; the connection was closed."
        "Send the request again, over a faster connection."
        "the body of the request did not arrive in time";
    IDEMPOTENCY_IN_PROGRESS CONFLICT "idempotency-in-progress" PUBLIC
        "A request with the same `Idempotency-Key` is still being answered."
        "Try again after `Retry-After`; the answer will be that of the first request."
        "a request with this Idempotency-Key is being answered; try again in 1 s";
    LIST_NOT_KEPT CONFLICT "list-not-kept" PUBLIC
        "The draw is known, but the weights that its result depends on were not kept."
        "Recompute it from the receipt and the weights: `r4 draw verify FILE --weights FILE`."
        "the weights of this draw were not kept, and without them its result cannot be computed";
    NAME_TAKEN CONFLICT "name-taken" ADMIN
        "Another API key that is not revoked has this name."
        "Choose another name, or revoke the other key first."
        "another API key is named alice";
    KEY_REVOKED CONFLICT "key-revoked" ADMIN
        "The API key is revoked, so it cannot be rotated or revoked."
        "Create a new one."
        "the API key alice is revoked";
    KEYS_ELSEWHERE CONFLICT "keys-elsewhere" ADMIN
        "The gateway has no file of its own with API keys that could be copied for a backup."
        "Back PostgreSQL up with `pg_dump`; where there is none, set R4_STATE_DIR."
        "this gateway keeps its API keys in PostgreSQL (R4_DATABASE_URL): back that up with pg_dump";
    BODY_TOO_LARGE PAYLOAD_TOO_LARGE "body-too-large" BODIES
        "The body is larger than the path takes."
        "Send a smaller one; a list of participants can be given as its hash."
        "the body of this request may have at most 8192 bytes";
    UNSUPPORTED_MEDIA_TYPE UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" BODIES
        "The body does not say that it is JSON."
        "Send the header `Content-Type: application/json`, once."
        "the body must be JSON, and say so: Content-Type: application/json";
    IDEMPOTENCY_MISMATCH UNPROCESSABLE_ENTITY "idempotency-mismatch" PUBLIC
        "The same `Idempotency-Key` came with another request within 24 hours."
        "Use a new key for new work; repeat a request with the very same path, query and body."
        "this Idempotency-Key came with another request before";
    RATE_LIMITED TOO_MANY_REQUESTS "rate-limited" PUBLIC
        "The caller's API key or address has sent more than its limit allows."
        "Try again after `Retry-After`. The headers `RateLimit-*` and /v1/limits say where a caller stands."
        "too many requests from this API key: 50 in 1 s are allowed; try again in 1 s";
    QUOTA_EXCEEDED TOO_MANY_REQUESTS "quota-exceeded" PUBLIC
        "The API key has used up its units of this day or month (UTC)."
        "Wait until it starts anew, see `Retry-After` and /v1/usage, or ask the operator of the node for more."
        "this API key has used its 1000000 units of this month";
    TOO_MANY_OPEN TOO_MANY_REQUESTS "too-many-open" PUBLIC
        "The address has as many requests open as it may."
        "Wait until one is answered, and use fewer connections at once."
        "this address has 32 requests open, which is all it may have: wait until one is answered";
    IDEMPOTENCY_FULL TOO_MANY_REQUESTS "idempotency-full" PUBLIC
        "So many requests with an `Idempotency-Key` came within 24 hours that no more are kept."
        "Try again after `Retry-After`, or send the request without the header."
        "10000 answers are kept for this API key, which is all it may have";
    INTERNAL INTERNAL_SERVER_ERROR "internal" EVERY
        "The service failed."
        "Try again; when it stays, tell the operator the answer's `X-Request-Id`, under which the log has the cause."
        "the service failed; its log has the cause under this request's id";
    SELF_CHECK_FAILED INTERNAL_SERVER_ERROR "self-check-failed" RECEIPTS
        "The node's check of its own answer failed. The answer was withheld and signing has stopped."
        "Tell the operator of the node, who finds the cause in the log of r4-vrf."
        "the node's check of its own answer failed: the answer was withheld and signing has stopped";
    NO_EVM_FORM INTERNAL_SERVER_ERROR "no-evm-form" RECEIPTS
        "The proof for this `alpha` has no form that contracts can read, which happens by a chance below 2⁻¹²⁶."
        "Use another `alpha`, or leave out `format=evm`."
        "the proof has no form for contracts; use another alpha, or leave out format=evm";
    NOT_READY SERVICE_UNAVAILABLE "not-ready" EVERY
        "The service runs, but cannot serve yet or any more."
        "Wait; `detail` has the reason."
        "r4-core is not reachable";
    DEADLINE SERVICE_UNAVAILABLE "deadline" EVERY
        "The request was not answered in time."
        "Try again after `Retry-After`."
        "the request was not answered within 10 s";
    BUSY SERVICE_UNAVAILABLE "busy" NODE
        "Too many requests wait already."
        "Try again after `Retry-After`."
        "too many requests wait for a signature";
    UPSTREAM_DOWN SERVICE_UNAVAILABLE "upstream-down" RECEIPTS
        "A service behind this one cannot be reached, or broke off."
        "Try again after `Retry-After`; /v1/health shows how the node is."
        "r4-core is not reachable";
    UPSTREAM_TIMEOUT SERVICE_UNAVAILABLE "upstream-timeout" RECEIPTS
        "A service behind this one did not answer in time."
        "Try again after `Retry-After`; /v1/health shows how the node is."
        "r4-vrf did not answer in time";
    UPSTREAM_BUSY SERVICE_UNAVAILABLE "upstream-busy" RECEIPTS
        "Too many requests to a service behind this one are open."
        "Try again after `Retry-After`."
        "too many requests to r4-vrf are open";
    UPSTREAM_REFUSED SERVICE_UNAVAILABLE "upstream-refused" PUBLIC
        "The services of the node do not share an internal key."
        "The operator gives all services the same R4_INTERNAL_KEY, or none."
        "r4-core refused the gateway's internal key: set the same R4_INTERNAL_KEY for all services, or none";
    UPSTREAM_BROKEN SERVICE_UNAVAILABLE "upstream-broken" PUBLIC
        "A service behind the gateway gave an answer that does not say where it ends."
        "Try again; when it stays, tell the operator of the node."
        "r4-core gave an answer of unknown length";
    CORE_BLOCKED SERVICE_UNAVAILABLE "core-blocked" BYTES
        "r4-core gives no bytes, because its sealed generator is not in order. It fails closed."
        "Try again after `Retry-After`; /v1/health/entropy has the reason, which the operator removes."
        "r4-core is blocked: the sealed core died";
    CORE_UNAVAILABLE SERVICE_UNAVAILABLE "core-unavailable" RECEIPTS
        "r4-vrf got no bytes of r4-core to attest."
        "Try again after `Retry-After`; `detail` has r4-core's own reason."
        "r4-core gave no bytes: r4-core is blocked: the sealed core died";
    SELFTEST_UNAVAILABLE SERVICE_UNAVAILABLE "selftest-unavailable" CORE
        "Nothing can be tested now."
        "See `detail`: there is no sealed core, or its test did not end."
        "there is no sealed core to test";
    INDEX_UNAVAILABLE SERVICE_UNAVAILABLE "index-unavailable" RECEIPTS
        "No index of a receipt can be reserved on disk, so nothing is signed."
        "Try again after `Retry-After`; the operator looks at the disk of r4-vrf."
        "no receipt index can be reserved on disk, so nothing is signed";
    LOG_UNAVAILABLE SERVICE_UNAVAILABLE "log-unavailable" RECEIPTS
        "The receipt cannot be written to the log, so it is not given out."
        "Try again after `Retry-After`; the operator looks at the disk of r4-vrf."
        "the receipt cannot be written to the log, so it is not given out";
    SIGNING_STOPPED SERVICE_UNAVAILABLE "signing-stopped" RECEIPTS
        "Signing has stopped, because a check of the node's own work failed before."
        "Tell the operator of the node; only a restart lets it sign again."
        "signing has stopped because a check of the node's own work failed; its operator must look into it";
    KEYS_REVOKED SERVICE_UNAVAILABLE "keys-revoked" RECEIPTS
        "The node's operator has revoked its signing keys, because somebody else may have them; the next ones do not sign yet."
        "Try again after `Retry-After`, and fetch `/v1/keys` again: receipts of the revoked keys count no more."
        "the signing keys are revoked, and the next ones sign from 2026-12-02T08:00:00Z on";
    KEYS_UNAVAILABLE SERVICE_UNAVAILABLE "keys-unavailable" PUBLIC
        "The database of API keys has not answered for some seconds, so no stored key is accepted."
        "Try again after `Retry-After`; the operator looks at the database."
        "the database of API keys does not answer";
    STORE_UNAVAILABLE SERVICE_UNAVAILABLE "store-unavailable" KEEPING
        "What the node keeps of keys, usage and draws cannot be read or written."
        "Try again after `Retry-After`; the operator looks at the database or the disk."
        "the gateway's store does not answer";
    INVALID_KEY_ORDER BAD_REQUEST "invalid-key-order" ADMIN
        "The order of a new or changed API key is not one."
        "Correct the field that `detail` names."
        "rate must be a number for each second or minute, such as 50/s";
    MALFORMED_REQUEST BAD_REQUEST "malformed-request" WITNESS
        "The request is not one of c2sp.org/tlog-witness."
        "Send the old size, the consistency proof and the checkpoint, as it says."
        "the first line is not the old size";
    OLD_SIZE BAD_REQUEST "old-size" WITNESS
        "The proof starts from a larger tree than it leads to."
        "Send the size that the witness cosigned last as the old one."
        "the old size is larger than the checkpoint's";
    UNSIGNED_CHECKPOINT FORBIDDEN "unsigned-checkpoint" WITNESS
        "No key of the log that the witness knows has signed the checkpoint, or a signature is wrong."
        "Send a checkpoint that the log has signed."
        "no known key of the log has signed this checkpoint: it has no line of theirs";
    CONSISTENCY_PROOF UNPROCESSABLE_ENTITY "consistency-proof" WITNESS
        "The proof does not show that the tree continues the one cosigned last."
        "Send the right proof. If there is none, the log has rewritten its past."
        "the consistency proof does not verify: the root is another";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn every_kind_is_told_apart_and_told_whole() {
        let slugs: BTreeSet<_> = ALL.iter().map(|kind| kind.slug).collect();
        assert_eq!(slugs.len(), ALL.len());
        for kind in ALL {
            let slug = kind.slug;
            assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{slug}");
            assert!(kind.status.is_client_error() || kind.status.is_server_error(), "{slug}");
            assert!(!kind.services.is_empty(), "{slug}");
            assert!(kind.meaning.ends_with('.') && kind.remedy.ends_with('.'), "{slug}");
            assert!(!kind.example.is_empty() && !kind.example.ends_with('.'), "{slug}");
        }
    }
}
