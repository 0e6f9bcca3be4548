import { z } from "zod";

/** Where a response, a message or a content slot stands. `canceled` is spelt with one l. */
export const Status = z.enum([
  "created",
  "queued",
  "in_progress",
  "completed",
  "failed",
  "canceled",
  "incomplete",
  "rejected",
  "unknown",
]);
export type Status = z.infer<typeof Status>;

/** The statuses after which a run never changes again. */
export const TerminalStatus = z.enum(["completed", "failed", "canceled", "incomplete", "rejected"]);
export type TerminalStatus = z.infer<typeof TerminalStatus>;

/** True once a run of this status has ended. */
export function isTerminal(status: Status): status is TerminalStatus {
  return TerminalStatus.options.includes(status as TerminalStatus);
}
