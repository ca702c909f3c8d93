/** How a step of a check says that it does not hold. Never leaves this package. */

/** Why something does not hold, as a sentence for people. */
export class Refusal extends Error {}

/** Runs a step; returns why it was refused, or nothing. */
export function refusal(step: () => void): string | undefined {
  const result = attempt(step);
  return result instanceof Refusal ? result.message : undefined;
}

/** Runs a step; returns its result or the refusal. Other errors are faults and pass. */
export function attempt<T>(step: () => T): T | Refusal {
  try {
    return step();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
