//! What the handlers' own descriptions leave out, one row for each operation: its id, the problems
//! that it may answer, and the examples of its request and answer.

use r4_service::{Kind, kind};

use super::problems::{
    ALPHA, ANY, BODY, BYTES, DEMO, IN_TURN, KEPT, KEY, Kinds, NEEDED, NO_BODY, ONCE, PAID,
    PARAMETERS, PASSED_ON, SIGNED, VALUES,
};

/// One operation.
pub(super) struct Operation {
    /// Method and path.
    pub(super) route: (&'static str, &'static str),
    /// Names the operation in clients that are made from the description.
    pub(super) id: &'static str,
    problems: &'static [Kinds],
    /// Names of examples of the request's body.
    pub(super) asked: &'static [&'static str],
    /// Media types and names of examples of the good answer.
    pub(super) answered: &'static [(&'static str, &'static str)],
}

impl Operation {
    /// Returns the kinds of its problems, each once.
    pub(super) fn problems(&self) -> Vec<&'static Kind> {
        let kinds = self.problems.concat();
        kind::ALL.iter().copied().filter(|kind| kinds.contains(kind)).collect()
    }
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// Every operation, in the order of its path.
pub(super) const ALL: &[Operation] = &[
    Operation {
        route: ("get", "/docs"),
        id: "get_docs",
        problems: &[ANY, NO_BODY],
        asked: &[],
        answered: &[("text/html", "page")],
    },
    Operation {
        route: ("get", "/llms.txt"),
        id: "get_llms_text",
        problems: &[ANY, NO_BODY],
        asked: &[],
        answered: &[(TEXT, "llms")],
    },
    Operation {
        route: ("get", "/openapi.json"),
        id: "get_openapi",
        problems: &[ANY, NO_BODY],
        asked: &[],
        answered: &[(JSON, "openapi")],
    },
    Operation {
        route: ("get", "/postman.json"),
        id: "get_postman_collection",
        problems: &[ANY, NO_BODY],
        asked: &[],
        answered: &[(JSON, "postman")],
    },
    Operation {
        route: ("post", "/v1/demo/draws"),
        id: "demo_draw",
        problems: &[ANY, BODY, DEMO, SIGNED, PASSED_ON, KEPT, &[kind::INVALID_DRAW]],
        asked: &["winners_order", "dice_order", "shuffle_order", "integers_order", "cards_order"],
        answered: &[(JSON, "draw")],
    },
    Operation {
        route: ("get", "/v1/demo/random"),
        id: "demo_random",
        problems: &[ANY, NO_BODY, DEMO, BYTES, PASSED_ON],
        asked: &[],
        answered: &[(JSON, "random_json")],
    },
    Operation {
        route: ("get", "/v1/demo/vrf"),
        id: "demo_vrf",
        problems: &[
            ANY,
            PARAMETERS,
            NEEDED,
            VALUES,
            NO_BODY,
            DEMO,
            SIGNED,
            PASSED_ON,
            &[kind::INVALID_ALPHA, kind::RESERVED_ALPHA],
        ],
        asked: &[],
        answered: &[(JSON, "receipt")],
    },
    Operation {
        route: ("post", "/v1/draws"),
        id: "create_draw",
        problems: &[
            ANY,
            PARAMETERS,
            BODY,
            KEY,
            PAID,
            ONCE,
            SIGNED,
            PASSED_ON,
            &[kind::INVALID_DRAW],
        ],
        asked: &[
            "winners_order",
            "weighted_order",
            "private_order",
            "shuffle_order",
            "integers_order",
            "dice_order",
            "cards_order",
            "decimals_order",
            "uuids_order",
        ],
        answered: &[(JSON, "draw")],
    },
    Operation {
        route: ("get", "/v1/draws/{id}"),
        id: "get_draw",
        problems: &[
            ANY,
            PARAMETERS,
            NO_BODY,
            KEPT,
            IN_TURN,
            PASSED_ON,
            &[kind::INVALID_ID, kind::UNKNOWN_DRAW, kind::LIST_NOT_KEPT],
        ],
        asked: &[],
        answered: &[(JSON, "draw")],
    },
    Operation {
        route: ("get", "/v1/health"),
        id: "get_health",
        problems: &[ANY, PARAMETERS, NO_BODY],
        asked: &[],
        answered: &[(JSON, "health")],
    },
    Operation {
        route: ("get", "/v1/health/entropy"),
        id: "get_entropy_health",
        problems: &[ANY, PARAMETERS, NO_BODY],
        asked: &[],
        answered: &[(JSON, "entropy")],
    },
    Operation {
        route: ("get", "/v1/keys"),
        id: "get_keys",
        problems: &[ANY, PARAMETERS, NO_BODY, PASSED_ON],
        asked: &[],
        answered: &[(JSON, "keys")],
    },
    Operation {
        route: ("get", "/v1/limits"),
        id: "get_limits",
        problems: &[ANY, PARAMETERS, NO_BODY, KEY, KEPT, &[kind::QUOTA_EXCEEDED]],
        asked: &[],
        answered: &[(JSON, "limits")],
    },
    Operation {
        route: ("get", "/v1/log/checkpoint"),
        id: "get_log_checkpoint",
        problems: &[ANY, PARAMETERS, NO_BODY, PASSED_ON],
        asked: &[],
        answered: &[(TEXT, "checkpoint")],
    },
    Operation {
        route: ("get", "/v1/log/consistency"),
        id: "get_log_consistency",
        problems: &[ANY, PARAMETERS, NEEDED, VALUES, NO_BODY, IN_TURN, PASSED_ON],
        asked: &[],
        answered: &[(JSON, "consistency")],
    },
    Operation {
        route: ("get", "/v1/log/tile/{path}"),
        id: "get_log_tile",
        problems: &[
            ANY,
            PARAMETERS,
            NO_BODY,
            IN_TURN,
            PASSED_ON,
            &[kind::INVALID_TILE, kind::NO_TILE],
        ],
        asked: &[],
        answered: &[],
    },
    Operation {
        route: ("get", "/v1/meta"),
        id: "get_meta",
        problems: &[ANY, PARAMETERS, NO_BODY],
        asked: &[],
        answered: &[(JSON, "meta")],
    },
    Operation {
        route: ("get", "/v1/random"),
        id: "get_random",
        problems: &[ANY, PARAMETERS, NEEDED, VALUES, NO_BODY, KEY, PAID, BYTES, PASSED_ON],
        asked: &[],
        answered: &[
            (TEXT, "random_hex"),
            (TEXT, "random_base64"),
            (JSON, "random_json"),
            (JSON, "random_words"),
        ],
    },
    Operation {
        route: ("get", "/v1/random_dual"),
        id: "get_random_dual",
        problems: &[
            ANY,
            PARAMETERS,
            NEEDED,
            VALUES,
            NO_BODY,
            KEY,
            PAID,
            SIGNED,
            PASSED_ON,
            &[kind::CORE_UNAVAILABLE],
        ],
        asked: &[],
        answered: &[(JSON, "attestation")],
    },
    Operation {
        route: ("get", "/v1/receipts"),
        id: "list_log_entries",
        problems: &[ANY, PARAMETERS, VALUES, NO_BODY, IN_TURN, PASSED_ON],
        asked: &[],
        answered: &[(JSON, "entries")],
    },
    Operation {
        route: ("get", "/v1/receipts/{id}"),
        id: "get_receipt",
        problems: &[
            ANY,
            PARAMETERS,
            VALUES,
            NO_BODY,
            IN_TURN,
            PASSED_ON,
            &[kind::INVALID_ID, kind::UNKNOWN_RECEIPT],
        ],
        asked: &[],
        answered: &[(JSON, "receipt"), (TEXT, "receipt_file")],
    },
    Operation {
        route: ("get", "/v1/status"),
        id: "get_status",
        problems: &[ANY, PARAMETERS, NO_BODY, KEPT],
        asked: &[],
        answered: &[(JSON, "status")],
    },
    Operation {
        route: ("get", "/v1/usage"),
        id: "get_usage",
        problems: &[ANY, PARAMETERS, NO_BODY, KEY, KEPT, &[kind::QUOTA_EXCEEDED]],
        asked: &[],
        answered: &[(JSON, "usage")],
    },
    Operation {
        route: ("post", "/v1/verify"),
        id: "verify_receipt",
        problems: &[ANY, PARAMETERS, BODY, IN_TURN, PASSED_ON, &[kind::INVALID_BODY]],
        asked: &["receipt", "signature"],
        answered: &[(JSON, "verify_answer")],
    },
    Operation {
        route: ("get", "/v1/vrf"),
        id: "get_vrf",
        problems: &[ANY, PARAMETERS, NO_BODY, KEY, PAID, ALPHA, SIGNED, PASSED_ON],
        asked: &[],
        answered: &[(JSON, "receipt"), (TEXT, "receipt_file")],
    },
    Operation {
        route: ("post", "/v1/vrf"),
        id: "create_vrf",
        problems: &[
            ANY,
            PARAMETERS,
            BODY,
            KEY,
            PAID,
            ONCE,
            ALPHA,
            SIGNED,
            PASSED_ON,
            &[kind::INVALID_BODY],
        ],
        asked: &["vrf_order", "vrf_order_for_contract", "vrf_order_by_index"],
        answered: &[(JSON, "receipt"), (TEXT, "receipt_file")],
    },
];
