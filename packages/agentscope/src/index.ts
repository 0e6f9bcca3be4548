export type { AgentStateDict } from "./agent/agent-state.ts";
export type { CallerOptions } from "./agent/caller-options.ts";
export type { PrintingAgent, PrintListener } from "./agent/printing-agent.ts";
export {
  type LoadStateOptions,
  ReActAgent,
  type ReActAgentOptions,
  type ReplyOptions,
} from "./agent/react-agent.ts";
export type { ReplyEvent } from "./agent/reply-event.ts";
export { UnknownToolError } from "./agent/unknown-tool-error.ts";
export {
  createExecutePythonCode,
  type ExecutePythonCodeOptions,
  executePythonCode,
} from "./execute-python-code.ts";
export { DashScopeChatFormatter } from "./formatter/dashscope-chat-formatter.ts";
export type { Formatter, ProviderMessage } from "./formatter/formatter.ts";
export { OpenAIChatFormatter } from "./formatter/openai-chat-formatter.ts";
export { InMemoryMemory } from "./memory/in-memory-memory.ts";
export type { Memory } from "./memory/memory.ts";
export type { ChatUsage } from "./message/chat-usage.ts";
export type {
  AudioBlock,
  ContentBlock,
  ImageBlock,
  MediaBlock,
  MediaSource,
  TextBlock,
  ThinkingBlock,
  ToolResultBlock,
  ToolResultContent,
  ToolResultState,
  ToolUseBlock,
  VideoBlock,
} from "./message/content-block.ts";
export type { FinishedReason } from "./message/finished-reason.ts";
export { Msg, type MsgOptions } from "./message/msg.ts";
export type { BlockDelta, MsgDelta } from "./message/msg-delta.ts";
export type { MsgJson, MsgJsonInput, Role } from "./message/msg-json.ts";
export type { ChatModel, ChatOptions, ToolChoice } from "./model/chat-model.ts";
export type { ChatContent, ChatResponse } from "./model/chat-response.ts";
export type { CompletionsClient } from "./model/completions-client.ts";
export {
  DashScopeChatModel,
  type DashScopeChatModelOptions,
  type DashScopeRegion,
} from "./model/dashscope-chat-model.ts";
export { ModelError, type ModelErrorCode, type ModelErrorOptions } from "./model/model-error.ts";
export { OpenAIChatModel, type OpenAIChatModelOptions } from "./model/openai-chat-model.ts";
export {
  type StreamPrintingMessagesOptions,
  streamPrintingMessages,
} from "./pipeline/stream-printing-messages.ts";
export { type Tool, type ToolContext, type ToolOutput, tool } from "./tool/tool.ts";
export type { ToolChunk } from "./tool/tool-chunk.ts";
export type { ToolResponse } from "./tool/tool-response.ts";
export type { ToolSchema } from "./tool/tool-schema.ts";
export {
  type CallToolOptions,
  type Postprocess,
  type RegisterToolOptions,
  Toolkit,
  type ToolkitOptions,
} from "./tool/toolkit.ts";
