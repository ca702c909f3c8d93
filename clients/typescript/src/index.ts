/** Client of a Re4ctoR node, and an offline verifier of its receipts. */

export {
  type Answer, type CallOptions, type DrawAnswer, type Options, type Progress, Re4ctor, type SignedText,
} from "./client.js";
export type { Checkpoint } from "./checkpoint.js";
export type { Check, CheckName, Outcome } from "./check.js";
export type { Require } from "./checks.js";
export { type Attestation, type Document, parseDocument, type Evm, type Receipt } from "./document.js";
export type { Draw } from "./draw-document.js";
export type { Kind, KindName } from "./draw-kind.js";
export { participantsHash, weightsHash } from "./draw-lists.js";
export type { DrawnFrom, DrawOrder } from "./draw-order.js";
export type { DrawResult } from "./draw-result.js";
export type { DrawSpec } from "./draw-spec.js";
export type { Domain } from "./eip712.js";
export type { EcdsaSignature, Envelope } from "./envelope.js";
export {
  ApiError, MalformedError, NetworkError, PinError, type ProblemKind, Re4ctorError, TimeoutError, VerificationError,
} from "./errors.js";
export type { KeySet } from "./keys.js";
export type { Log } from "./log.js";
export type { LogKeys } from "./log-keys.js";
export type { NoteKey } from "./note-key.js";
export { type Epoch, type KeysDocument, parseKeysDocument, type Status } from "./keys-document.js";
export type { Pin } from "./pin.js";
export type { VrfRequest } from "./request.js";
export { type CheckedReport, type MalformedReport, type Policy, type Report, type Verdict, verify } from "./verify.js";
export { type CheckedDrawReport, type DrawPolicy, type DrawReport, verifyDraw } from "./verify-draw.js";
export type { Usage } from "./usage.js";
