/** The check of the digest. Its inputs are everything that is hashed, so that anyone can hash it again. */

import { equal, toHex } from "./bytes.js";
import { type Check, check, type Inputs } from "./check.js";
import { attestedFields, type Document, documentDigest, receiptFields } from "./document.js";
import {
  type AttestedFields, attestedStructHash, type ReceiptFields, receiptStructHash, separator,
} from "./eip712.js";
import type { Schemes } from "./schemes.js";

/** Checks `msg_hash` and `id`; `signedFor` are the signatures that `msg_hash` was made for. */
export function digestCheck(document: Document, keyHash: Uint8Array, signedFor: Schemes | undefined): Check {
  const { schemes, domain, id, msgHash } = document;
  const wrong =
    (signedFor === undefined && "msg_hash is not the digest of the fields") ||
    (!equal(id, msgHash) && "id is not msg_hash");
  const signed =
    document.kind === "vrf"
      ? ofReceipt(receiptFields(document, keyHash, schemes))
      : ofAttested(attestedFields(document, keyHash, schemes));
  return check("digest", wrong, "the digest is that of the fields", {
    ...signed,
    chain_id: domain.chainId?.toString() ?? "none",
    contract: domain.contract ?? "none",
    domain_separator: toHex(separator(domain)),
    id: toHex(id),
    msg_hash: toHex(msgHash),
    recomputed: toHex(documentDigest(document, keyHash, schemes)),
  });
}

function ofReceipt(fields: ReceiptFields): Inputs {
  return {
    key_hash: toHex(fields.keyHash),
    index: fields.index.toString(),
    alpha_hash: toHex(fields.alphaHash),
    random: toHex(fields.random),
    timestamp: fields.timestamp.toString(),
    schemes: String(fields.schemes),
    struct_hash: toHex(receiptStructHash(fields)),
  };
}

function ofAttested(fields: AttestedFields): Inputs {
  return {
    key_hash: toHex(fields.keyHash),
    index: fields.index.toString(),
    bytes_hash: toHex(fields.bytesHash),
    length: String(fields.length),
    core_hash: toHex(fields.coreHash),
    mode: String(fields.mode),
    timestamp: fields.timestamp.toString(),
    schemes: String(fields.schemes),
    struct_hash: toHex(attestedStructHash(fields)),
  };
}
