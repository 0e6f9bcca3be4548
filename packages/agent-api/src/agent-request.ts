import { z } from "zod";
import { Message } from "./message.ts";
import { ToolDefinition } from "./tool-bodies.ts";

const id = z.string().max(1024).nullable().default(null);
const number = z.number().nullable().default(null);

/** What the answer's text shall be. */
export const TextOptions = z.looseObject({
  /** `text`, `json_object`, or `json_schema` with `name`, `schema`, `strict` and `description`. */
  format: z.looseObject({ type: z.string() }).nullish(),
  verbosity: z.string().nullish(),
});
export type TextOptions = z.infer<typeof TextOptions>;

/** How much the model shall think. */
export const ReasoningOptions = z.looseObject({
  effort: z.string().nullish(),
  summary: z.string().nullish(),
});
export type ReasoningOptions = z.infer<typeof ReasoningOptions>;

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
  /** Said to the model for this answer, besides what it is told anyway. */
  instructions: z.string().nullish(),
  /** `none`, `auto`, `required`, or the tool that has to be called, by `name` or `function.name`. */
  tool_choice: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  /** False: one call at a time. */
  parallel_tool_calls: z.boolean().nullish(),
  text: TextOptions.nullish(),
  reasoning: ReasoningOptions.nullish(),
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
