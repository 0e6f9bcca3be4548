import { RuntimeError } from "../errors/runtime-error.ts";

/** How many rounds a session keeps; throws `CONFIGURATION_ERROR` unless it is a whole number from 1. */
export function keptRounds(keepRounds = 10): number {
  if (Number.isSafeInteger(keepRounds) && keepRounds >= 1) return keepRounds;
  throw new RuntimeError("CONFIGURATION_ERROR", "keepRounds is a whole number from 1.");
}

/** Throws `INVALID_PARAMETER` for a round that is none. */
export function assertRound(round: number | undefined): void {
  if (round === undefined || (Number.isSafeInteger(round) && round >= 0)) return;
  throw new RuntimeError("INVALID_PARAMETER", "A round is a whole number from 0.");
}
