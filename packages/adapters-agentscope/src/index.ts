export { agentscope } from "./agentscope-adapter.ts";
// For those who convert conversations themselves.
export { fromAgentscopeMessages } from "./from-agentscope-messages.ts";
export { SessionHistoryMemory, type SessionHistoryMemoryOptions } from "./session-history-memory.ts";
export { toAgentscopeMessages } from "./to-agentscope-messages.ts";
export { toCallerOptions } from "./to-caller-options.ts";
