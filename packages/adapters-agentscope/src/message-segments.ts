import type { MessageType, Role } from "@agentscope-runtime/agent-api";
import type { ContentBlock, Msg } from "@agentscope-runtime/agentscope";
import {
  type ToolType,
  toolCallMessageId,
  toolOutputMessageId,
  wireMessageId,
} from "@agentscope-runtime/core";
import { asKnownBlock } from "./known-block.ts";
import { toToolType } from "./tool-arguments.ts";

/** The blocks of a `Msg` that make up one message of the Agent API. */
export interface MessageSegment {
  readonly id: string;
  readonly type: MessageType;
  readonly role: Role;
  readonly blocks: readonly ContentBlock[];
}

/**
 * Splits a `Msg` where its stream is split: every tool call and every result is a message, and so are reasoning, and the
 * text and media around them. `toolTypes` says to which family the calls belong; those of `msg` are added.
 */
export function toSegments(msg: Msg, toolTypes: Map<string, ToolType>): readonly MessageSegment[] {
  const drafts: Draft[] = [];
  for (const block of msg.getContentBlocks()) {
    const known = asKnownBlock(block);
    if (known?.type === "tool_use") {
      const toolType = toToolType(known);
      toolTypes.set(known.id, toolType);
      const id = toolCallMessageId(known.id);
      drafts.push({ id, type: `${toolType}_call`, role: "assistant", blocks: [block] });
    } else if (known?.type === "tool_result") {
      const type = `${toolTypes.get(known.id) ?? "plugin"}_call_output`;
      drafts.push({ id: toolOutputMessageId(known.id), type, role: "tool", blocks: [block] });
    } else {
      const type = known?.type === "thinking" ? "reasoning" : "message";
      const open = drafts.at(-1);
      if (open?.type === type && !(isShownText(block) && isShownText(open.blocks.findLast(isVisible)))) {
        open.blocks.push(block);
      } else {
        drafts.push({ id: undefined, type, role: msg.role, blocks: [block] });
      }
    }
  }
  if (drafts.length === 0) drafts.push({ id: undefined, type: "message", role: msg.role, blocks: [] });
  return numbered(msg.id, drafts);
}

/** A segment whose id is known only if it does not depend on the others. */
type Draft = Omit<MessageSegment, "id" | "blocks"> & {
  readonly id: string | undefined;
  readonly blocks: ContentBlock[];
};

// A stream shows nothing of empty text, so that such segments must not count.
function numbered(messageId: string, drafts: readonly Draft[]): readonly MessageSegment[] {
  const shown = drafts.filter(({ id, blocks }) => id !== undefined || blocks.some(isVisible));
  const counted = (shown.length > 0 ? shown : drafts).filter(({ id }) => id === undefined);
  return drafts.map((draft) => {
    const place = counted.indexOf(draft);
    const own = place === -1 ? `${wireMessageId(messageId)}_blank` : wireMessageId(messageId, place);
    return { ...draft, id: draft.id ?? own };
  });
}

// Two texts in a row are two messages: a stream has no other way to tell where the first one ends.
function isShownText(block: ContentBlock | undefined): boolean {
  const known = asKnownBlock(block);
  if (known?.type === "text") return known.text !== "";
  return known?.type === "thinking" && known.thinking !== "";
}

function isVisible(block: ContentBlock): boolean {
  const known = asKnownBlock(block);
  if (known?.type === "text") return known.text !== "";
  return known?.type !== "thinking" || known.thinking !== "";
}
