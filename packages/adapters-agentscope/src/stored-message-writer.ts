import { isDeepStrictEqual } from "node:util";
import type { Message } from "@agentscope-runtime/agent-api";
import type { ContentBlock, Msg } from "@agentscope-runtime/agentscope";
import type { ToolType } from "@agentscope-runtime/core";
import { CallIds } from "./call-ids.ts";
import { toContentSlot } from "./content-slot.ts";
import { asKnownBlock } from "./known-block.ts";
import { type MessageSegment, toSegments } from "./message-segments.ts";
import { readOriginal } from "./original-message.ts";
import { toContentBlocks } from "./to-content-blocks.ts";

/**
 * Writes `Msg`s as messages of the Agent API. It remembers what a session holds: no two messages get one id, and an
 * output is of the same family as its call.
 */
export class StoredMessageWriter {
  readonly #ids = new Set<string>();
  readonly #toolTypes = new Map<string, ToolType>();

  /** Takes note of a message that the session holds already. */
  note({ id, type, content }: Message): void {
    this.#ids.add(id);
    const toolType = /^(plugin|function|component|mcp)_call$/.exec(type)?.[1] as ToolType | undefined;
    if (toolType === undefined) return;
    for (const slot of content ?? []) {
      const callId = slot.type === "data" ? slot.data?.call_id : undefined;
      if (typeof callId === "string") this.#toolTypes.set(callId, toolType);
    }
  }

  write(msg: Msg): Message[] {
    const segments = toSegments(msg, this.#toolTypes);
    const messages = segments.map((segment) =>
      toMessage(msg, { ...segment, id: this.#unusedId(segment.id) }),
    );
    const last = messages.at(-1);
    if (last !== undefined && msg.usage !== undefined) last.usage = { ...msg.usage };
    return messages;
  }

  #unusedId(wanted: string): string {
    let id = wanted;
    for (let uses = 2; this.#ids.has(id); uses += 1) id = `${wanted}~${uses}`;
    this.#ids.add(id);
    return id;
  }
}

function toMessage(msg: Msg, { id, type, role, blocks }: MessageSegment): Message {
  const content = blocks.map((block, index) => toContentSlot(block, index, id));
  const message: Message = {
    sequence_number: null,
    object: "message",
    status: "completed",
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
