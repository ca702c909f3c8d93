/** Tells a draw from other documents, and checks each as what it is. */

import { type Draw, parseDrawOrDocument } from "../src/draw-document.js";
import type { Lists } from "../src/draw-lists.js";
import { isDrawAlpha } from "../src/draw-spec.js";
import { MalformedError } from "../src/errors.js";
import { checkDocument, malformedReport, type Policy, readPolicy, type Report } from "../src/verify.js";
import { checkDraw, type CheckedDrawReport } from "../src/verify-draw.js";

/** What was found, and which lists the document names without having them. */
export interface Judged {
  report: Report | CheckedDrawReport;
  lacks: Record<keyof Lists, boolean>;
}

const NOTHING = { participants: false, weights: false };

/** Checks a draw, a receipt of one, or any other document. @throws PinError */
export function judge(given: string | Uint8Array, policy: Policy, lists: Lists): Judged {
  const trust = readPolicy(given, policy);
  try {
    const parsed = parseDrawOrDocument(given);
    const isDraw = parsed.kind === "draw" || (parsed.kind === "vrf" && isDrawAlpha(parsed.alpha));
    if (!isDraw) return { report: checkDocument(parsed, trust), lacks: NOTHING };
    const report = checkDraw(parsed, trust, lists);
    return { report, lacks: lacks(report, parsed.kind === "draw" ? parsed : null) };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { report: malformedReport(error), lacks: NOTHING };
  }
}

function lacks({ spec }: CheckedDrawReport, draw: Draw | null): Judged["lacks"] {
  return {
    participants: !!spec?.participantsSha256 && !draw?.participants,
    weights: !!spec?.weightsSha256 && !draw?.weights,
  };
}
