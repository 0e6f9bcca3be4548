export { AgentEvent } from "./agent-event.ts";
export {
  AgentRequest,
  type AgentRequestInput,
  ReasoningOptions,
  type ResolvedAgentRequest,
  TextOptions,
} from "./agent-request.ts";
export { AgentResponse, IncompleteDetails } from "./agent-response.ts";
export {
  AudioContent,
  Content,
  type ContentType,
  DataContent,
  FileContent,
  ImageContent,
  RefusalContent,
  TextContent,
  VideoContent,
} from "./content.ts";
export { AgentError, ErrorBody, ErrorCode, errorStatus, isErrorCode } from "./error-code.ts";
export { newCallId, newMessageId, newResponseId } from "./ids.ts";
export {
  type KnownMessageType,
  Message,
  type MessageInput,
  MessageType,
  messageTypes,
  Usage,
} from "./message.ts";
export { Role } from "./role.ts";
export { decodeSse, SseDecoder, type SseDecoderOptions } from "./sse-decoder.ts";
export { encodeSseComment, encodeSseEvent, encodeSseRetry, type SseEvent } from "./sse-encoder.ts";
export { isTerminal, Status, TerminalStatus } from "./status.ts";
export {
  FunctionCall,
  FunctionCallOutput,
  McpApprovalRequest,
  McpApprovalResponse,
  McpCall,
  McpCallOutput,
  McpListTools,
  McpTool,
  StateData,
  StepData,
  ToolDefinition,
} from "./tool-bodies.ts";
