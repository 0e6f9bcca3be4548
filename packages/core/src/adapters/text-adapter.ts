import { type Message, newMessageId } from "@agentscope-runtime/agent-api";
import type { AgentPart } from "../contracts/agent-part.ts";
import type { FrameworkAdapter } from "../contracts/framework-adapter.ts";
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

async function* fromStream(stream: AsyncIterable<string>): AsyncGenerator<AgentPart> {
  // It has no end of its own: whether the answer is complete depends on how the run ends.
  const messageId = newMessageId();
  for await (const piece of stream) {
    if (typeof piece !== "string") {
      throw new RuntimeError(
        "AGENT_ERROR",
        `The handler yielded ${typeof piece}; the text adapter takes strings.`,
      );
    }
    yield { kind: "text-delta", messageId, text: piece };
  }
}
