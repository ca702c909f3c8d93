/** What the start page checks receipts and draws with: the verifier alone, as a module. */

export { verify } from "../src/verify.js";
export { verifyDraw } from "../src/verify-draw.js";
