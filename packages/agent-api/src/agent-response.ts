import { z } from "zod";
import { attempt } from "./attempt.ts";
import { AgentError } from "./error-code.ts";
import { Message, Usage } from "./message.ts";
import { Status } from "./status.ts";

/** Why a run ended `incomplete`, and which questions wait for an answer. */
export const IncompleteDetails = z.object({
  reason: z.string(),
  request_ids: z.array(z.string()).optional(),
});
export type IncompleteDetails = z.infer<typeof IncompleteDetails>;

/** A run as a client sees it. `created_at` and `completed_at` are Unix seconds; `output` is filled at the end. */
export const AgentResponse = z.object({
  sequence_number: z.int().nonnegative().nullable().default(null),
  attempt,
  object: z.literal("response").default("response"),
  status: Status.default("created"),
  error: AgentError.nullable().default(null),
  id: z.string(),
  created_at: z.int(),
  completed_at: z.int().nullable().default(null),
  output: z.array(Message).nullable().default(null),
  usage: Usage.nullable().default(null),
  session_id: z.string().nullable().default(null),
  /** Only where the status is `incomplete`. */
  incomplete_details: IncompleteDetails.optional(),
});
export type AgentResponse = z.infer<typeof AgentResponse>;
