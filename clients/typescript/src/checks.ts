/**
 * The checks, each by itself. All use the key hash and the digest recomputed here, never the ones
 * that the document states.
 */

import { sha256 } from "@noble/hashes/sha2.js";

import { indexAlpha, isReserved } from "./alpha.js";
import { equal, toHex } from "./bytes.js";
import { type Check, check, notChecked } from "./check.js";
import { digestCheck } from "./digest-check.js";
import { type Document, documentDigest, type Receipt } from "./document.js";
import { beta, parseProof, SUITE, verifyProof } from "./ecvrf.js";
import type { Envelope } from "./envelope.js";
import { evmCheck } from "./evm-check.js";
import { keyHash as hashOfKeys } from "./keys.js";
import { logChecks } from "./log-check.js";
import { pinnedLog, type Trusted } from "./pin.js";
import { attempt, Refusal, refusal } from "./refusal.js";
import { ALL_SCHEMES, DUAL, ECDSA, MLDSA, type Schemes, signatureType } from "./schemes.js";
import { mldsaMessage, recover, verifyEcdsa, verifyMldsa } from "./signatures.js";

/** Which signatures a trusted document must carry. Whatever it carries must be right. */
export type Require = "dual" | "ecdsa" | "mldsa65";

/** Makes every check, in the order of their names. */
export function allChecks(document: Document, trusted: Trusted, require: Require): Check[] {
  const keyHash = hashOfKeys(document.keys);
  const digest = documentDigest(document, keyHash, document.schemes);
  // A digest that was made for other signatures is a matter of `schemes`.
  const signedFor = ALL_SCHEMES.find((set) => equal(documentDigest(document, keyHash, set), document.msgHash));
  return [
    keyHashCheck(document, keyHash),
    keyIdCheck(document),
    ...(document.kind === "vrf" ? vrfChecks(document, keyHash) : []),
    digestCheck(document, keyHash, signedFor),
    schemesCheck(document, signedFor),
    ecdsaCheck(document, digest),
    signerCheck(document, digest),
    mldsaCheck(document, digest),
    ...logChecks(document, keyHash, digest, pinnedLog(trusted)),
    pinCheck(document, keyHash, digest, trusted),
    requireCheck(document, trusted, require),
  ];
}

function vrfChecks(receipt: Receipt, keyHash: Uint8Array): Check[] {
  return [alphaCheck(receipt, keyHash), vrfCheck(receipt), randomCheck(receipt), ...evmCheck(receipt, keyHash)];
}

function keyHashCheck(document: Document, keyHash: Uint8Array): Check {
  const { keys, pair } = document;
  const pairKey = document.schemes === ECDSA ? keys.ecdsa : keys.mldsa65Sha256;
  const pairGiven = document.schemes === ECDSA ? pair.publicKey : sha256(pair.publicKey);
  const wrong =
    (!equal(document.keyHash, keyHash) && "key_hash is not the hash of keys") ||
    (document.kind === "vrf" && !equal(document.vrfPublicKey, keys.ecvrf) && "vrf.public_key is not the key in keys") ||
    (!equal(pairGiven, pairKey) && "public_key is not the key in keys");
  return check("key_hash", wrong, "the key hash is the hash of the keys used", {
    ecvrf: toHex(keys.ecvrf),
    ecdsa: toHex(keys.ecdsa),
    mldsa65_sha256: toHex(keys.mldsa65Sha256),
    ecvrf_evm_sha256: toHex(keys.ecvrfEvmSha256),
    key_hash: toHex(document.keyHash),
    recomputed: toHex(keyHash),
  });
}

function keyIdCheck({ keyId, keyHash }: Envelope): Check {
  const wrong = !equal(keyId, keyHash.subarray(0, 8)) && "key_id is not the beginning of key_hash";
  const inputs = { key_id: toHex(keyId), key_hash: toHex(keyHash) };
  return check("key_id", wrong, "the key id is the beginning of the key hash", inputs);
}

function alphaCheck({ alpha, alphaSource, index }: Receipt, keyHash: Uint8Array): Check {
  const inputs = {
    alpha: toHex(alpha), alpha_source: alphaSource, index: index.toString(), key_hash: toHex(keyHash),
  };
  if (alphaSource === "index") {
    const wrong = !equal(alpha, indexAlpha(keyHash, index)) && "alpha is not the one of this index and key hash";
    return check("alpha", wrong, "alpha was derived from the index and the key hash", inputs);
  }
  const wrong = isReserved(alpha) && "a client's alpha may not begin with r4/, which is the node's own";
  return check("alpha", wrong, "alpha is a client's", inputs);
}

function vrfCheck({ vrfPublicKey, alpha, proof }: Receipt): Check {
  const wrong = refusal(() => verifyProof(vrfPublicKey, alpha, proof));
  return check("vrf", wrong, "the proof verifies for this key and alpha", {
    suite: SUITE, public_key: toHex(vrfPublicKey), alpha: toHex(alpha), proof: toHex(proof),
  });
}

function randomCheck({ random, proof }: Receipt): Check {
  const output = attempt(() => beta(parseProof(proof)));
  const wrong =
    (output instanceof Refusal || !equal(output, random)) && "random is not the output that the proof is for";
  const recomputed = output instanceof Refusal ? output.message : toHex(output);
  return check("random", wrong, "random is the output that the proof is for", { random: toHex(random), recomputed });
}

function schemesCheck({ schemes }: Envelope, signedFor: Schemes | undefined): Check {
  const inputs = { schemes: String(schemes) };
  if (signedFor === undefined) return notChecked("schemes", "the digest is not that of the fields", inputs);
  const present = signatureType(schemes);
  const wrong =
    signedFor !== schemes &&
    `the digest was made for ${signatureType(signedFor)}, but the signatures present are ${present}`;
  return check("schemes", wrong, `the signatures present are those signed for: ${present}`, inputs);
}

function ecdsaCheck(envelope: Envelope, digest: Uint8Array): Check {
  const { ecdsa } = envelope;
  if (!ecdsa) return notChecked("ecdsa", "there is no ECDSA signature");
  const wrong = refusal(() => verifyEcdsa(envelope, ecdsa, digest));
  return check("ecdsa", wrong, "the ECDSA signature verifies", {
    public_key: toHex(envelope.keys.ecdsa), digest: toHex(digest), r: toHex(ecdsa.r), s: toHex(ecdsa.s),
  });
}

function signerCheck({ ecdsa, keys }: Envelope, digest: Uint8Array): Check {
  if (!ecdsa) return notChecked("signer", "there is no ECDSA signature");
  const recovered = attempt(() => recover(ecdsa, digest));
  const wrong =
    recovered instanceof Refusal
      ? recovered.message
      : (!equal(recovered.publicKey, keys.ecdsa) && "r, s and v recover another key than the one in keys") ||
        (recovered.address !== ecdsa.signerAddr && "signer_addr is not the address of the key");
  return check("signer", wrong, "the signature recovers to signer_addr", {
    signer_addr: ecdsa.signerAddr,
    v: String(ecdsa.v),
    recovered: recovered instanceof Refusal ? recovered.message : recovered.address,
  });
}

function mldsaCheck({ schemes, pair }: Envelope, digest: Uint8Array): Check {
  if (schemes === ECDSA) return notChecked("mldsa65", "there is no ML-DSA-65 signature");
  const wrong = refusal(() => verifyMldsa(pair, digest));
  return check("mldsa65", wrong, "the ML-DSA-65 signature verifies", {
    public_key_sha256: toHex(sha256(pair.publicKey)),
    message: toHex(mldsaMessage(digest)),
    signature_sha256: toHex(sha256(pair.signature)),
  });
}

function pinCheck({ ecdsa }: Envelope, keyHash: Uint8Array, digest: Uint8Array, trusted: Trusted): Check {
  if (!trusted) {
    const why = "no key was pinned: self-consistent; signer NOT checked";
    return notChecked("pin", why, { key_hash: toHex(keyHash) });
  }
  if ("keyHashes" in trusted) {
    const hashes = trusted.keyHashes;
    const wrong = !hashes.some((hash) => equal(hash, keyHash)) && "the key hash is none of those pinned";
    const inputs = { key_hash: toHex(keyHash), pinned: hashes.map(toHex).join(", ") };
    return check("pin", wrong, "the key hash is a pinned one", inputs);
  }
  const signer = attempt(() => recover(ecdsa, digest).address);
  const wrong =
    (!ecdsa && "there is no ECDSA signature, and an ECDSA signer was pinned") ||
    (signer !== trusted.signer && "the ECDSA signature is not the pinned signer's");
  return check("pin", wrong, "the ECDSA signer is the pinned one; nothing but ECDSA was pinned", {
    signer: signer instanceof Refusal ? signer.message : signer,
    pinned: trusted.signer,
  });
}

function requireCheck({ schemes }: Envelope, trusted: Trusted, require: Require): Check {
  const inputs = { signature_type: signatureType(schemes) };
  if (!trusted) return notChecked("require", "no key was pinned, so nothing is required", inputs);
  const wrong = {
    dual: schemes !== DUAL && "both signatures are required",
    ecdsa: schemes === MLDSA && "an ECDSA signature is required",
    mldsa65: schemes === ECDSA && "an ML-DSA-65 signature is required",
  }[require];
  return check("require", wrong, "the required signatures are present", inputs);
}
