/** Client of a Re4ctoR node, and an offline verifier of its receipts. */

export { type Answer, type CallOptions, type Options, type Progress, Re4ctor, type SignedText } from "./client.js";
export type { Checkpoint } from "./checkpoint.js";
export type { Check, CheckName, Outcome } from "./check.js";
export type { Require } from "./checks.js";
export { type Attestation, type Document, parseDocument, type Evm, type Receipt } from "./document.js";
export type { Domain } from "./eip712.js";
export type { EcdsaSignature, Envelope } from "./envelope.js";
export { ApiError, MalformedError, NetworkError, PinError, Re4ctorError, TimeoutError, VerificationError } from "./errors.js";
export type { KeySet } from "./keys.js";
export type { Log } from "./log.js";
export type { LogKeys } from "./log-keys.js";
export type { NoteKey } from "./note-key.js";
export { type Epoch, type KeysDocument, parseKeysDocument, type Status } from "./keys-document.js";
export type { Pin } from "./pin.js";
export type { VrfRequest } from "./request.js";
export { type CheckedReport, type MalformedReport, type Policy, type Report, type Verdict, verify } from "./verify.js";
