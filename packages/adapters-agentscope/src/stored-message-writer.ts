import { isDeepStrictEqual } from "node:util";
import type { Message } from "@agentscope-runtime/agent-api";
import type { ContentBlock, Msg } from "@agentscope-runtime/agentscope";
import type { ToolType } from "@agentscope-runtime/core";
import { CallIds } from "./call-ids.ts";
import { toContentSlot } from "./content-slot.ts";
import { blockEnd, type EndStatus } from "./end-status.ts";
import { asKnownBlock } from "./known-block.ts";
import { type MessageSegment, toSegments } from "./message-segments.ts";
import { readOriginal } from "./original-message.ts";
import { toContentBlocks } from "./to-content-blocks.ts";

/**
 * Writes `Msg`s as messages of the Agent API. It remembers what a session holds: no two messages get one id, and an
 * output is of the same family as its call.
 */
export class StoredMessageWriter {
  /** By id, the highest number of a use that is known: `a` is the first use of `a`, `a~2` the second. */
  readonly #uses = new Map<string, number>();
  readonly #toolTypes = new Map<string, ToolType>();

  /** Takes note of a message that the session holds already. */
  note({ id, type, content }: Message): void {
    this.#use(id);
    const toolType = /^(plugin|function|component|mcp)_call$/.exec(type)?.[1] as ToolType | undefined;
    if (toolType === undefined) return;
    for (const slot of content ?? []) {
      const callId = slot.type === "data" ? slot.data?.call_id : undefined;
      if (typeof callId === "string") this.#toolTypes.set(callId, toolType);
    }
  }

  write(msg: Msg): Message[] {
    const segments = toSegments(msg, this.#toolTypes);
    const messages = segments.map((segment, place) => {
      const status = blockEnd(msg, segment.blocks.at(-1), place === segments.length - 1);
      return toMessage(msg, { ...segment, id: this.#unusedId(segment.id) }, status);
    });
    const last = messages.at(-1);
    if (last !== undefined && msg.usage !== undefined) last.usage = { ...msg.usage };
    return messages;
  }

  // Counted on from the highest known use: earlier ones may lie further back than what was read.
  #unusedId(wanted: string): string {
    const uses = this.#uses.get(wanted) ?? 0;
    const id = uses === 0 ? wanted : `${wanted}~${uses + 1}`;
    this.#use(id);
    this.#count(wanted, uses + 1);
    return id;
  }

  #use(id: string): void {
    const [, base, uses] = /^(.+)~(\d{1,9})$/s.exec(id) ?? [];
    this.#count(id, 1);
    if (base !== undefined) this.#count(base, Number(uses));
  }

  #count(id: string, uses: number): void {
    this.#uses.set(id, Math.max(uses, this.#uses.get(id) ?? 0));
  }
}

function toMessage(msg: Msg, { id, type, role, blocks }: MessageSegment, status: EndStatus): Message {
  const content = blocks.map((block, index) => toContentSlot(block, index, id));
  const last = content.at(-1);
  // Media, and data among text, are there as a whole or not at all.
  if (last !== undefined && (last.type === "text" || type !== "message")) last.status = status;
  const message: Message = {
    sequence_number: null,
    object: "message",
    status,
    error: null,
    id,
    type,
    role,
    content,
    code: null,
    message: null,
    usage: null,
    metadata: null,
  };
  const original_blocks = unsaid(message, blocks);
  message.metadata = {
    original_id: msg.id,
    original_name: msg.name,
    ...(role === msg.role ? {} : { original_role: msg.role }),
    ...(typeof msg.content === "string" ? { original_content: "string" } : {}),
    ...(msg.finishedReason === undefined ? {} : { original_finished_reason: msg.finishedReason }),
    ...(original_blocks === undefined ? {} : { original_blocks }),
    timestamp: msg.timestamp,
    metadata: msg.metadata,
  };
  return message;
}

/** By slot, the members of the blocks that would not come back from the slots alone. */
function unsaid(
  message: Message,
  blocks: readonly ContentBlock[],
): Record<string, Record<string, unknown>> | undefined {
  const found: [number, Record<string, unknown>][] = [];
  for (const [place, block] of blocks.entries()) {
    const isOther = asKnownBlock(block) === undefined;
    const content = message.content?.slice(place, place + 1) ?? [];
    const [read] = isOther ? [block] : toContentBlocks({ ...message, content }, NOTHING, new CallIds());
    const members = Object.entries(block).filter(
      ([key, value]) => value !== undefined && !isDeepStrictEqual(value, Reflect.get(read ?? {}, key)),
    );
    if (members.length > 0 || isOther) found.push([place, Object.fromEntries(members)]);
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

const NOTHING = readOriginal(null);
