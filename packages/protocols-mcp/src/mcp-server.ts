import { RuntimeError } from "@agentscope-runtime/core";
import {
  type GetPromptResult,
  type JsonSchemaValidator,
  type jsonSchemaValidator,
  type ListPromptsResult,
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  type ListToolsResult,
  type McpRequestContext,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  Server,
} from "@modelcontextprotocol/server";
import type { AgentCalls } from "./agent-calls.ts";
import { callTool } from "./call-tool.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Exchange } from "./exchange.ts";
import { getPrompt, toListedPrompt } from "./mcp-prompt.ts";
import { isTemplate, readResource } from "./mcp-resource.ts";
import type { McpCallContext } from "./mcp-tool.ts";
import { contextOf, forSdk, unknownName } from "./sdk-values.ts";
import { SESSION_TEMPLATE, type SessionResources } from "./session-resources.ts";

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
  const { name, version, instructions, catalogue } = parts;
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
    guarded(() => callTool(params.name, params.arguments ?? {}, ctx, { ...parts, exchange, era })),
  );
  addResources(server, parts, exchange);
  if (catalogue.prompts.length > 0) addPrompts(server, parts, exchange);
  return server;
}

function addResources(server: Server, parts: McpServerParts, exchange: Exchange): void {
  const { catalogue, sessions } = parts;
  const { caller } = exchange;
  const guarded = guardOf(exchange);
  server.setRequestHandler("resources/list", ({ params }) =>
    guarded(async () => {
      const fixed = params?.cursor === undefined ? catalogue.resources.filter((one) => !isTemplate(one)) : [];
      const { items, nextCursor } = await sessions.list(params?.cursor, caller);
      const resources = [...fixed.map(({ read: _, ...listed }) => listed), ...items];
      return forSdk<ListResourcesResult>({ resources, ...(nextCursor === undefined ? {} : { nextCursor }) });
    }),
  );
  server.setRequestHandler("resources/templates/list", () => {
    const templates = catalogue.resources
      .filter(isTemplate)
      .map(({ uri: uriTemplate, read: _, ...listed }) => ({ ...listed, uriTemplate }));
    return forSdk<ListResourceTemplatesResult>({ resourceTemplates: [SESSION_TEMPLATE, ...templates] });
  });
  server.setRequestHandler("resources/read", ({ params: { uri } }, ctx) =>
    guarded(async () => {
      const found = await readAny(uri, parts, contextOf(caller, ctx));
      if (found === undefined) throw new ResourceNotFoundError(uri);
      return forSdk<ReadResourceResult>({ contents: [found] });
    }),
  );
}

function addPrompts(server: Server, { catalogue }: McpServerParts, exchange: Exchange): void {
  const guarded = guardOf(exchange);
  server.setRequestHandler("prompts/list", () =>
    forSdk<ListPromptsResult>({ prompts: catalogue.prompts.map(toListedPrompt) }),
  );
  server.setRequestHandler("prompts/get", ({ params }, ctx) =>
    guarded(async () => {
      const prompt = catalogue.prompt(params.name);
      if (prompt === undefined) throw unknownName("prompt", params.name);
      const messages = await getPrompt(prompt, params.arguments, contextOf(exchange.caller, ctx));
      return forSdk<GetPromptResult>({ description: prompt.description, messages });
    }),
  );
}

async function readAny(uri: string, { catalogue, sessions }: McpServerParts, context: McpCallContext) {
  for (const resource of catalogue.resources) {
    const found = await readResource(resource, uri, context);
    if (found !== undefined) return found;
  }
  return sessions.read(uri, context.caller);
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

// The SDK would make a compiler of schemas for each request, for questions that are not asked here.
const NOTHING_TO_VALIDATE: jsonSchemaValidator = {
  getValidator<Value>(): JsonSchemaValidator<Value> {
    return (data) => ({ valid: true, data: data as Value, errorMessage: undefined });
  },
};
