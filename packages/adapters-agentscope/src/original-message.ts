import type { FinishedReason } from "@agentscope-runtime/agentscope";
import { isObject } from "./known-block.ts";

/**
 * What the metadata of a stored message says of the `Msg` it is a piece of, beyond what the message itself can say.
 * Callers may write anything there, so every member is read on its own and passed over when it makes no sense.
 */
export interface OriginalMessage {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly role?: "user" | "assistant" | "system" | undefined;
  readonly timestamp?: string | undefined;
  readonly finishedReason?: FinishedReason | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** True where the content was a string. */
  readonly isString: boolean;
  /** By slot: the members of the block which the slot does not show. A data slot with an entry is a block itself. */
  readonly blocks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export function readOriginal(metadata: Readonly<Record<string, unknown>> | null): OriginalMessage {
  const own = metadata ?? {};
  const id = text(own.original_id);
  const role = own.original_role;
  return {
    id,
    name: typeof own.original_name === "string" ? own.original_name : undefined,
    role: role === "user" || role === "assistant" || role === "system" ? role : undefined,
    timestamp: text(own.timestamp),
    finishedReason: REASONS.find((reason) => reason === own.original_finished_reason),
    // What a caller puts into the metadata of a message is about the message itself.
    metadata: id === undefined ? metadata : isObject(own.metadata) ? own.metadata : null,
    isString: own.original_content === "string",
    blocks: isObject(own.original_blocks) ? objects(own.original_blocks) : {},
  };
}

const REASONS: readonly FinishedReason[] = [
  "completed",
  "interrupted",
  "exceed_max_iters",
  "error",
  "length",
  "content_filter",
];

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function objects(value: Record<string, unknown>): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, Record<string, unknown>] => isObject(entry[1])),
  );
}
