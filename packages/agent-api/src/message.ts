import { z } from "zod";
import { attempt } from "./attempt.ts";
import { Content } from "./content.ts";
import { AgentError } from "./error-code.ts";
import { newMessageId } from "./ids.ts";
import { Role } from "./role.ts";
import { Status } from "./status.ts";

/** The message types the runtime itself produces or understands. */
export const messageTypes = [
  "message",
  "reasoning",
  "function_call",
  "function_call_output",
  "plugin_call",
  "plugin_call_output",
  "component_call",
  "component_call_output",
  "mcp_list_tools",
  "mcp_call",
  "mcp_call_output",
  "mcp_approval_request",
  "mcp_approval_response",
  "a2ui_response",
  "a2ui_action",
  "step",
  "state",
  "heartbeat",
  "error",
] as const;
export type KnownMessageType = (typeof messageTypes)[number];

/** A message type: one of {@link messageTypes}, or any other string, which is kept as it is. */
export type MessageType = KnownMessageType | (string & {});
export const MessageType: z.ZodType<MessageType, MessageType> = z.string().min(1);

/** Token counts and whatever else a model reports; numbers of one run are added up. */
export const Usage = z.record(z.string(), z.unknown());
export type Usage = z.infer<typeof Usage>;

/** One message of a conversation. Missing keys are filled in: `id`, `type` `message`, status `created`. */
export const Message = z.object({
  sequence_number: z.int().nonnegative().nullable().default(null),
  attempt,
  object: z.literal("message").default("message"),
  status: Status.default("created"),
  error: AgentError.nullable().default(null),
  id: z
    .string()
    .min(1)
    .max(1024)
    .nullish()
    .transform((id) => id ?? newMessageId()),
  type: MessageType.default("message"),
  role: Role.nullable().default(null),
  content: z.array(Content).nullable().default(null),
  code: z.string().nullable().default(null),
  message: z.string().nullable().default(null),
  usage: Usage.nullable().default(null),
  metadata: z.record(z.string(), z.unknown()).nullable().default(null),
});
export type Message = z.infer<typeof Message>;
/** What a caller may write for a {@link Message}. */
export type MessageInput = z.input<typeof Message>;
