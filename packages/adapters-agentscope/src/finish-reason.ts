import type { Msg } from "@agentscope-runtime/agentscope";
import type { FinishReason } from "@agentscope-runtime/core";

/** How the agent ended, if `msg` is its last word. */
export function toFinishReason({ finishedReason }: Msg): FinishReason {
  switch (finishedReason) {
    case "length":
      return "max_output_tokens";
    case "content_filter":
      return "content_filter";
    case "exceed_max_iters":
      return "max_iterations";
    default:
      // An interruption or an error is told by how the run itself ends.
      return "stop";
  }
}
