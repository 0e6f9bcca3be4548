import type { AgentRequestInput } from "@agentscope-runtime/agent-api";

/** The body of a request that says something in words. */
export function ask(words: string, more: Partial<AgentRequestInput> = {}): AgentRequestInput {
  return { input: [{ role: "user", content: [{ type: "text", text: words }] }], ...more };
}
