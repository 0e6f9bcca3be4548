import { z } from "zod";
import { Message } from "./message.ts";
import { ToolDefinition } from "./tool-bodies.ts";

const id = z.string().max(1024).nullable().default(null);
const number = z.number().nullable().default(null);

/**
 * The body of `POST /process`. Unknown keys are kept and reach the handler. `id` becomes the run's id;
 * `session_id` and `user_id` are chosen by the server where they are missing.
 */
export const AgentRequest = z.looseObject({
  input: z.array(Message),
  stream: z.boolean().default(true),
  id,
  model: z.string().nullable().default(null),
  top_p: number,
  temperature: number,
  frequency_penalty: number,
  presence_penalty: number,
  max_tokens: z.int().nullable().default(null),
  stop: z
    .union([z.string(), z.array(z.string())])
    .nullable()
    .default(null),
  n: z.int().min(1).max(5).nullable().default(1),
  seed: z.int().nullable().default(null),
  tools: z.array(ToolDefinition).nullable().default(null),
  session_id: id,
  user_id: id,
  /** What becomes of the run when the connection that started it is gone. Defaults to `continue`. */
  on_disconnect: z.enum(["continue", "cancel"]).optional(),
  /** The id of the run that waits for this input. */
  continues: z.string().min(1).max(1024).optional(),
});
export type AgentRequest = z.infer<typeof AgentRequest>;
/** What a caller may write for an {@link AgentRequest}. */
export type AgentRequestInput = z.input<typeof AgentRequest>;

/** A request as handlers get it: its ids are settled. */
export type ResolvedAgentRequest = AgentRequest & {
  readonly id: string;
  readonly session_id: string;
  readonly user_id: string;
};
