/** How a client asks for a stream of the benchmark's agent. */
export interface ProtocolStream {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: () => object;
}

const input = [{ role: "user", content: "Hi" }];

function message() {
  return { message: { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "Hi" }] } };
}

function toolCall(meta: object) {
  const params = {
    name: "Friday",
    arguments: { message: "Hi" },
    _meta: { progressToken: 1, ...meta },
  };
  return { jsonrpc: "2.0", id: 1, method: "tools/call", params };
}

function agUiInput() {
  const content = { id: crypto.randomUUID(), role: "user", content: "Hi" };
  const ids = { threadId: crypto.randomUUID(), runId: crypto.randomUUID() };
  return { ...ids, state: {}, messages: [content], tools: [], context: [], forwardedProps: {} };
}

const A2A = { "a2a-version": "1.0" };
const MCP = { accept: "application/json, text/event-stream" };

/** The stream that the others are compared with. */
export const agentApiStream: ProtocolStream = {
  name: "Agent API",
  path: "/process",
  body: () => ({ input: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] }),
};

/** Every way to stream a run, besides gRPC, whose frames the SDK makes. */
export const protocolStreams: readonly ProtocolStream[] = [
  {
    name: "OpenAI Responses",
    path: "/v1/responses",
    body: () => ({ model: "Friday", input, stream: true }),
  },
  {
    name: "OpenAI Chat",
    path: "/v1/chat/completions",
    body: () => ({ model: "Friday", messages: input, stream: true }),
  },
  {
    name: "A2A, JSON-RPC",
    path: "/a2a",
    headers: A2A,
    body: () => ({ jsonrpc: "2.0", id: 1, method: "SendStreamingMessage", params: message() }),
  },
  { name: "A2A, HTTP+JSON", path: "/a2a/message:stream", headers: A2A, body: message },
  { name: "AG-UI, SSE", path: "/ag-ui", headers: { accept: "text/event-stream" }, body: agUiInput },
  {
    name: "AG-UI, protobuf",
    path: "/ag-ui",
    headers: { accept: "application/vnd.ag-ui.event+proto" },
    body: agUiInput,
  },
  {
    name: "MCP 2025-11-25, progress",
    path: "/mcp",
    headers: { ...MCP, "mcp-protocol-version": "2025-11-25" },
    body: () => toolCall({}),
  },
  {
    name: "MCP 2026-07-28, progress",
    path: "/mcp",
    headers: {
      ...MCP,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "Friday",
    },
    body: () =>
      toolCall({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      }),
  },
];
