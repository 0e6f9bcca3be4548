import { type Message, newMessageId } from "@agentscope-runtime/agent-api";
import type { AgentPart } from "../contracts/agent-part.ts";
import type { FrameworkAdapter, StreamReader } from "../contracts/framework-adapter.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** No framework at all: the handler gets the Agent API's messages and yields the pieces of one answer. */
export function text(): FrameworkAdapter<readonly Message[], string> {
  return {
    name: "text",
    history: "engine",
    toInput: (messages) => messages,
    isYield: (value) => typeof value === "string",
    fromStream,
  };
}

function fromStream(emit: (part: AgentPart) => void): StreamReader<string> {
  const messageId = newMessageId();
  return {
    push(piece) {
      if (typeof piece !== "string") {
        throw new RuntimeError(
          "AGENT_ERROR",
          `The handler yielded ${typeof piece}; the text adapter takes strings.`,
        );
      }
      emit({ kind: "text-delta", messageId, text: piece });
    },
    end() {
      // The answer ends with the run: whether it is complete depends on how that ends.
    },
  };
}
