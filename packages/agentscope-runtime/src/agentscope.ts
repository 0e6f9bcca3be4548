export { agentscope, SessionHistoryMemory } from "@agentscope-runtime/adapters-agentscope";
export {
  DashScopeChatFormatter,
  DashScopeChatModel,
  type DashScopeChatModelOptions,
  executePythonCode,
  InMemoryMemory,
  ModelError,
  Msg,
  OpenAIChatFormatter,
  OpenAIChatModel,
  type OpenAIChatModelOptions,
  ReActAgent,
  type ReActAgentOptions,
  streamPrintingMessages,
  type Tool,
  Toolkit,
  tool,
} from "@agentscope-runtime/agentscope";
