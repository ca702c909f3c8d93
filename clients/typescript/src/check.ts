/** One check and how it went. */

/** How a check went: it holds, it does not, or there was nothing to check it with. */
export type Outcome = "passed" | "failed" | "not checked";

/**
 * The names of the checks, in order. An attestation has neither `alpha`, `vrf` nor `random`; `inclusion` and
 * `checkpoint` are there where the document has `log`. The last four are of a draw, `participants` and `weights`
 * where it has them.
 */
export type CheckName =
  | "key_hash" | "key_id" | "alpha" | "vrf" | "random" | "evm" | "digest"
  | "schemes" | "ecdsa" | "signer" | "mldsa65" | "inclusion" | "checkpoint" | "pin" | "require"
  | "draw" | "participants" | "weights" | "result";

/** One check. */
export interface Check {
  /** The stable name. */
  name: CheckName;
  outcome: Outcome;
  /** A sentence for people. */
  detail: string;
  /** What went in, by name. */
  inputs: Record<string, string>;
}

export type Inputs = Record<string, string>;

/** Makes a check that was made: `wrong` says why it failed, if it did. */
export function check(name: CheckName, wrong: string | undefined | null | false, right: string, inputs: Inputs): Check {
  if (wrong) return { name, outcome: "failed", detail: wrong, inputs };
  return { name, outcome: "passed", detail: right, inputs };
}

/** Makes a check that could not be made. */
export function notChecked(name: CheckName, why: string, inputs: Inputs = {}): Check {
  return { name, outcome: "not checked", detail: why, inputs };
}
