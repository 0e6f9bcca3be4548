import type { ContentBlock, Msg } from "@agentscope-runtime/agentscope";
import { asKnownBlock } from "./known-block.ts";
import { parseArguments } from "./tool-arguments.ts";

/** Whether something ended whole, or broke off. */
export type EndStatus = "completed" | "incomplete";

/** How a message as a whole ended. */
export function messageEnd({ finishedReason }: Msg): EndStatus {
  switch (finishedReason) {
    case "interrupted":
    case "error":
    case "length":
    case "content_filter":
      return "incomplete";
    default:
      return "completed";
  }
}

/** How a block ended: of a message that broke off, the last block did, and every call whose arguments are no object. */
export function blockEnd(msg: Msg, block: ContentBlock | undefined, isLast: boolean): EndStatus {
  const known = asKnownBlock(block);
  if (known?.type === "tool_result") {
    return known.state === "interrupted" || known.state === "running" ? "incomplete" : "completed";
  }
  const isCutCall = known?.type === "tool_use" && parseArguments(known.raw_input ?? "{}") === undefined;
  return isLast || isCutCall ? messageEnd(msg) : "completed";
}
