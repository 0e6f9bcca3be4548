import { z } from "zod";
import type { ChatUsage } from "./chat-usage.ts";
import type { ContentBlock } from "./content-block.ts";

export type Role = "user" | "assistant" | "system";

/** A message as Python's `Msg.to_dict()` writes it; `usage` is ours and only there when it is known. */
export type MsgJson = {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly content: string | readonly ContentBlock[];
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly timestamp: string;
  readonly usage?: ChatUsage | undefined;
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
};

const Usage = z.looseObject({
  input_tokens: z.number(),
  output_tokens: z.number(),
  time: z.number(),
});

const MsgJsonInputSchema = z.looseObject({
  id: z.string().min(1).nullish(),
  name: z.string(),
  role: z.enum(["user", "assistant", "system"]),
  content: z.union([z.string(), z.array(z.unknown())]).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  timestamp: z.string().nullish(),
  invocation_id: z.string().nullish(),
  usage: Usage.nullish().catch(undefined),
});

/** The members of a stored message; throws a `TypeError` that names what is wrong. */
export function parseMsgJson(value: unknown): ParsedMsgJson {
  const result = MsgJsonInputSchema.safeParse(value);
  if (!result.success) throw new TypeError(`This is not a message: ${z.prettifyError(result.error)}`);
  return result.data as ParsedMsgJson;
}

type ParsedMsgJson = Omit<MsgJsonInput, "content" | "usage"> & {
  readonly content?: string | readonly unknown[] | null | undefined;
  readonly usage?: ChatUsage | null | undefined;
};
