import type { Content, Message } from "@agentscope-runtime/agent-api";
import type { ContentBlock, ToolResultBlock, ToolUseBlock } from "@agentscope-runtime/agentscope";
import type { CallIds } from "./call-ids.ts";
import { asKnownBlock } from "./known-block.ts";
import type { OriginalMessage } from "./original-message.ts";
import { toSlotBlock } from "./slot-block.ts";
import { parseArguments } from "./tool-arguments.ts";
import { fromOutputText } from "./tool-output.ts";

/** The blocks of a message, in the order of its slots. */
export function toContentBlocks(
  message: Message,
  { blocks: originals }: OriginalMessage,
  callIds: CallIds,
): readonly ContentBlock[] {
  const slots = message.content ?? [];
  const tool = toToolBlock(message, slots, callIds);
  const first = slots.findIndex(isData);
  const blocks = slots.map((slot, place) => {
    if (tool !== undefined && isData(slot)) {
      return place === first ? restored(tool, originals[place]) : undefined;
    }
    const original = originals[place];
    if (isData(slot) && original !== undefined) return { ...slot.data, ...original } as ContentBlock;
    return restored(toSlotBlock(slot, message.type), original);
  });
  const found = blocks.filter((block) => block !== undefined);
  // Messages of type `error` say what they have to say outside their content.
  if (found.length === 0 && message.message) return [{ type: "text", text: message.message }];
  return found;
}

type DataSlot = Extract<Content, { type: "data" }>;

function isData(slot: Content): slot is DataSlot {
  return slot.type === "data";
}

// What the metadata adds counts only where it leads to a block that is whole.
function restored(
  block: ContentBlock | undefined,
  original: Readonly<Record<string, unknown>> | undefined,
): ContentBlock | undefined {
  return original === undefined ? block : (asKnownBlock({ ...block, ...original }) ?? block);
}

const TOOL_MESSAGE = /^(plugin|function|component|mcp)_call(_output)?$/;

function toToolBlock(
  message: Message,
  slots: readonly Content[],
  callIds: CallIds,
): ToolUseBlock | ToolResultBlock | undefined {
  const [match, toolType, output] = TOOL_MESSAGE.exec(message.type) ?? [];
  const bodies = slots.filter(isData).map(({ data }) => data ?? {});
  if (match === undefined || bodies.length === 0) return undefined;
  const name = bodies.map((body) => body.name).find((value) => typeof value === "string") ?? "";
  const callId = bodies.map((body) => body.call_id).find((value) => typeof value === "string");
  if (output !== undefined) {
    const id = callIds.ofOutput(callId, message.id);
    const state = message.status === "incomplete" ? ({ state: "interrupted" } as const) : {};
    return { type: "tool_result", id, name, ...fromOutputText(lastText(bodies, "output")), ...state };
  }
  const serverLabel = bodies.map((body) => body.server_label).find((value) => typeof value === "string");
  return {
    type: "tool_use",
    id: callIds.ofCall(callId, message.id),
    name,
    ...toInput(lastText(bodies, "arguments")),
    ...(toolType === "plugin" ? {} : { tool_type: toolType }),
    ...(serverLabel === undefined ? {} : { server_label: serverLabel }),
  };
}

function toInput(text: string): Pick<ToolUseBlock, "input" | "raw_input"> {
  const input = text === "" ? {} : parseArguments(text);
  return input === undefined ? { input: {}, raw_input: text } : { input };
}

/** The last of the bodies' values that is not empty, as JSON text where it is none. */
function lastText(bodies: readonly Readonly<Record<string, unknown>>[], key: "output" | "arguments"): string {
  const value = bodies.map((body) => body[key]).findLast((found) => found !== "" && found != null);
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
