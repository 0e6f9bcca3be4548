// For those who read runs in MCP's words elsewhere.
export type { AgentToolOutput } from "./agent-tool.ts";
export type { McpOptions } from "./mcp-options.ts";
export { type McpPrompt, type McpPromptMessage, mcpPrompt } from "./mcp-prompt.ts";
export { mcp } from "./mcp-protocol.ts";
export type { McpResource, McpResourceContext } from "./mcp-resource.ts";
export {
  type McpCallContext,
  type McpTool,
  type McpToolContext,
  type McpToolResult,
  mcpTool,
} from "./mcp-tool.ts";
export {
  joinProgress,
  type McpProgress,
  type McpProgressState,
  newMcpProgressState,
  toMcpProgress,
} from "./to-mcp-progress.ts";
export { toToolResult } from "./to-tool-result.ts";
export type { McpContent } from "./tool-content.ts";
export type { McpToolkit, McpToolkitChunk } from "./toolkit-tools.ts";
