import type { Caller } from "@agentscope-runtime/core";
import { RuntimeError } from "@agentscope-runtime/core";
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type GetPromptResult,
  type InputRequiredResult,
  inputRequired,
  type JsonSchemaValidator,
  type jsonSchemaValidator,
  type ListPromptsResult,
  type ListResourcesResult,
  type ListToolsResult,
  type McpRequestContext,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { AgentCalls } from "./agent-calls.ts";
import { callAgent } from "./agent-tool-call.ts";
import type { Catalogue } from "./catalogue.ts";
import { canFillForms } from "./client-session.ts";
import type { Exchange } from "./exchange.ts";
import { getPrompt, toListedPrompt } from "./mcp-prompt.ts";
import { isTemplate, readResource } from "./mcp-resource.ts";
import type { McpCallContext, McpToolResult } from "./mcp-tool.ts";
import { SESSION_TEMPLATE, type SessionResources } from "./session-resources.ts";
import type { McpProgress } from "./to-mcp-progress.ts";
import { toErrorResult } from "./to-tool-result.ts";

export interface McpServerParts {
  readonly name: string;
  readonly version: string;
  readonly instructions: string | undefined;
  readonly catalogue: Catalogue;
  readonly sessions: SessionResources;
  readonly calls: AgentCalls;
}

/** The SDK's server for one request: what it answers is made of the catalogue, the sessions and the runs. */
export function newMcpServer(
  parts: McpServerParts,
  exchange: Exchange,
  era: McpRequestContext["era"],
): Server {
  const { name, version, instructions, catalogue, sessions } = parts;
  const { caller } = exchange;
  const server = new Server(
    { name, version },
    {
      capabilities: { tools: {}, resources: {}, ...(catalogue.prompts.length > 0 ? { prompts: {} } : {}) },
      ...(instructions === undefined ? {} : { instructions }),
      jsonSchemaValidator: NOTHING_TO_VALIDATE,
    },
  );
  const guarded = guardOf(exchange);
  server.setRequestHandler("tools/list", () => forSdk<ListToolsResult>({ tools: catalogue.tools }));
  server.setRequestHandler("tools/call", ({ params }, ctx) =>
    guarded(() => callTool(params.name, params.arguments ?? {}, ctx, { parts, exchange, era })),
  );
  server.setRequestHandler("resources/list", ({ params }) =>
    guarded(async () => {
      const fixed = params?.cursor === undefined ? catalogue.resources.filter((one) => !isTemplate(one)) : [];
      const { items, nextCursor } = await sessions.list(params?.cursor, caller);
      const resources = [...fixed.map(({ read: _, ...listed }) => listed), ...items];
      return forSdk<ListResourcesResult>({ resources, ...(nextCursor === undefined ? {} : { nextCursor }) });
    }),
  );
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: [
      {
        uriTemplate: SESSION_TEMPLATE,
        name: "session",
        title: "Session",
        description: "A conversation with an agent: its latest messages, and where the earlier ones are.",
        mimeType: "application/json",
      },
      ...catalogue.resources
        .filter(isTemplate)
        .map(({ uri, read: _, ...listed }) => ({ ...defined(listed), uriTemplate: uri })),
    ],
  }));
  server.setRequestHandler("resources/read", ({ params: { uri } }, ctx) =>
    guarded(async () => {
      const found = await readAny(uri, parts, contextOf(caller, ctx));
      if (found === undefined) throw new ResourceNotFoundError(uri);
      return forSdk<ReadResourceResult>({ contents: [found] });
    }),
  );
  if (catalogue.prompts.length === 0) return server;
  server.setRequestHandler("prompts/list", () =>
    forSdk<ListPromptsResult>({ prompts: catalogue.prompts.map(toListedPrompt) }),
  );
  server.setRequestHandler("prompts/get", ({ params }, ctx) =>
    guarded(async () => {
      const prompt = catalogue.prompt(params.name);
      if (prompt === undefined) throw unknownName("prompt", params.name);
      const messages = await getPrompt(prompt, params.arguments, contextOf(caller, ctx));
      return forSdk<GetPromptResult>({ description: prompt.description, messages });
    }),
  );
  return server;
}

interface CallParts {
  readonly parts: McpServerParts;
  readonly exchange: Exchange;
  readonly era: McpRequestContext["era"];
}

async function callTool(
  name: string,
  input: Readonly<Record<string, unknown>>,
  ctx: ServerContext,
  { parts: { catalogue, calls }, exchange, era }: CallParts,
): Promise<CallToolResult | InputRequiredResult> {
  const agent = catalogue.agent(name);
  const tool = agent === undefined ? catalogue.tool(name) : undefined;
  const { mcpReq } = ctx;
  const { signal } = mcpReq;
  const { log } = exchange;
  const notify = notifierOf(ctx, exchange);
  try {
    if (tool !== undefined) {
      let count = 0;
      const progress = (message = "") =>
        notify(message === "" ? { progress: ++count } : { progress: ++count, message });
      return forSdk(await tool.call(input, { ...contextOf(exchange.caller, ctx), progress }));
    }
    if (agent === undefined) throw unknownName("tool", name);
    const capabilities = (mcpReq.envelope as Readonly<Record<string, unknown>> | undefined)?.[
      CLIENT_CAPABILITIES_META_KEY
    ];
    const forms = era === "modern" && canFillForms(capabilities);
    const { inputResponses: answers } = mcpReq;
    const state = mcpReq.requestState();
    const call = { agent, input, state, answers, forms, exchange, signal, notify, log };
    const end = await callAgent(call, calls);
    return "result" in end ? forSdk(end.result) : inputRequired(forSdk(end));
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const known = RuntimeError.is(error)
      ? error
      : new RuntimeError("TOOL_EXECUTION_FAILED", `The tool ${name} has failed.`, { cause: error });
    if (known.cause !== undefined && !signal.aborted)
      log.error({ err: error, tool: name }, "a tool has failed");
    return forSdk<McpToolResult & CallToolResult>(toErrorResult(known));
  }
}

/** Tells a client that wants to know how far a call is, at its pace. */
function notifierOf({ mcpReq }: ServerContext, { pace }: Exchange): (progress: McpProgress) => Promise<void> {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return async () => undefined;
  return async (progress) => {
    if (mcpReq.signal.aborted) return;
    await mcpReq.notify({ method: "notifications/progress", params: { progressToken, ...progress } });
    await pace.given();
  };
}

async function readAny(uri: string, { catalogue, sessions }: McpServerParts, context: McpCallContext) {
  for (const resource of catalogue.resources) {
    const found = await readResource(resource, uri, context);
    if (found !== undefined) return found;
  }
  return sessions.read(uri, context.caller);
}

function contextOf(caller: Caller, { mcpReq: { signal } }: ServerContext): McpCallContext {
  return { caller, signal };
}

/** Errors of ours as those of JSON-RPC; what nobody knows is in the log only. */
function guardOf({ log }: Exchange): <Result>(answer: () => Promise<Result>) => Promise<Result> {
  return async (answer) => {
    try {
      return await answer();
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      const { code, status, message } = RuntimeError.from(error);
      if (status >= 500) log.error({ err: error }, "the request failed");
      const rpcCode = status >= 500 ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams;
      throw new ProtocolError(rpcCode, message, { code });
    }
  };
}

function unknownName(kind: string, name: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no ${kind} ${name}.`);
}

/** The SDK's types want what it only reads to be writable. */
function forSdk<Result>(value: object): Result {
  return value as Result;
}

function defined<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}

// The SDK would make a compiler of schemas for each request, for questions that are not asked here.
const NOTHING_TO_VALIDATE: jsonSchemaValidator = {
  getValidator<Value>(): JsonSchemaValidator<Value> {
    return (data) => ({ valid: true, data: data as Value, errorMessage: undefined });
  },
};
