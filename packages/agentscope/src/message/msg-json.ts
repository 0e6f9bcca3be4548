import { z } from "zod";
import type { ChatUsage } from "./chat-usage.ts";
import type { ContentBlock } from "./content-block.ts";
import type { FinishedReason } from "./finished-reason.ts";

export type Role = "user" | "assistant" | "system";

/** A message as Python's `Msg.to_dict()` writes it; the last two are ours and only there when they are known. */
export type MsgJson = {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly content: string | readonly ContentBlock[];
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly timestamp: string;
  readonly usage?: ChatUsage | undefined;
  readonly finished_reason?: FinishedReason | undefined;
};

/** What `Msg.fromJSON` accepts: messages of any 1.x release, with blocks of any type. */
export type MsgJsonInput = {
  readonly id?: string | null | undefined;
  readonly name: string;
  readonly role: Role;
  readonly content: string | readonly unknown[];
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined;
  readonly timestamp?: string | null | undefined;
  readonly invocation_id?: string | null | undefined;
  readonly usage?: unknown;
  readonly finished_reason?: unknown;
};

const Usage = z.looseObject({
  input_tokens: z.number(),
  output_tokens: z.number(),
  time: z.number(),
});

const Reason: z.ZodType<FinishedReason> = z.enum([
  "completed",
  "interrupted",
  "exceed_max_iters",
  "error",
  "length",
  "content_filter",
]);

const MsgJsonInputSchema = z.looseObject({
  id: z.string().min(1).nullish(),
  name: z.string(),
  role: z.enum(["user", "assistant", "system"]),
  content: z.union([z.string(), z.array(z.unknown())]).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  timestamp: z.string().nullish(),
  invocation_id: z.string().nullish(),
  usage: Usage.nullish().catch(undefined),
  finished_reason: Reason.nullish().catch(undefined),
});

/** The members of a stored message; throws a `TypeError` that names what is wrong. */
export function parseMsgJson(value: unknown): ParsedMsgJson {
  const result = MsgJsonInputSchema.safeParse(value);
  if (!result.success) throw new TypeError(`This is not a message: ${z.prettifyError(result.error)}`);
  return result.data as ParsedMsgJson;
}

type ParsedMsgJson = Omit<MsgJsonInput, "content" | "usage" | "finished_reason"> & {
  readonly content?: string | readonly unknown[] | null | undefined;
  readonly usage?: ChatUsage | null | undefined;
  readonly finished_reason?: FinishedReason | null | undefined;
};
