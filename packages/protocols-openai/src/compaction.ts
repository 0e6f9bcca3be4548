import { promisify } from "node:util";
import { deflateRaw, inflateRawSync } from "node:zlib";
import { Message } from "@agentscope-runtime/agent-api";
import type { ProtocolContext } from "@agentscope-runtime/core";
import { z } from "zod";
import { parameterError } from "./openai-error.ts";

/** What takes the place of a conversation. */
export interface Compaction {
  readonly messages: readonly Message[];
  /** The ids of the messages of the conversation, which need not be said once more beside it. */
  readonly stands_for: readonly string[];
}

/** How a text that was given out is read when it comes back: within the bounds of a body. */
export type CompactionBounds = Pick<ProtocolContext, "limits" | "parseJson">;

/**
 * The `encrypted_content` of a compaction item: compressed JSON. It is no secret from the client whose conversation it is,
 * and nothing is trusted that comes back. Rejects with `INVALID_PARAMETER` where it would not be taken back.
 */
export async function packCompaction(compaction: Compaction, bounds: CompactionBounds): Promise<string> {
  const json = JSON.stringify(compaction);
  const tooLong = Buffer.byteLength(json) > bounds.limits.bodyLimit;
  if (tooLong)
    throw parameterError(
      "input",
      "context_length_exceeded",
      "The conversation is too long to be kept whole.",
    );
  bounds.parseJson(json);
  const packed = await compress(json);
  return `${VERSION}${packed.toString("base64url")}`;
}

/** Reads the `encrypted_content` of compaction items: all of them together may be as long as one body. */
export class CompactionReader {
  readonly #bounds: CompactionBounds;
  #room: number;
  #read = 0;

  constructor(bounds: CompactionBounds) {
    this.#bounds = bounds;
    this.#room = bounds.limits.bodyLimit;
  }

  /** Throws `INVALID_PARAMETER` for what this server did not give out, or not like this. */
  read(packed: string, param: string): Compaction {
    const refuse = (why: string) => parameterError(param, "invalid_value", `${param}: ${why}`);
    if (!packed.startsWith(VERSION)) throw refuse("was not made by this server");
    // Even those that hold nothing take their time.
    if (++this.#read > MAX_ITEMS) throw refuse(`is one of more than ${MAX_ITEMS}`);
    let json: Buffer;
    try {
      json = inflateRawSync(Buffer.from(packed.slice(VERSION.length), "base64url"), {
        maxOutputLength: Math.max(1, this.#room),
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw refuse(code === "ERR_BUFFER_TOO_LARGE" ? "is larger than this server takes" : "is damaged");
    }
    this.#room -= json.length;
    let value: unknown;
    try {
      value = this.#bounds.parseJson(json.toString());
    } catch {
      throw refuse("is damaged");
    }
    const result = Schema.safeParse(value);
    if (!result.success) throw refuse("is damaged");
    return result.data;
  }
}

const compress = promisify<string, Buffer>(deflateRaw);
const VERSION = "asr1.";
/** How many of them one request may have. */
const MAX_ITEMS = 16;

const Schema: z.ZodType<Compaction> = z.object({
  messages: z.array(Message),
  stands_for: z.array(z.string()),
});
