import { RuntimeError } from "@agentscope-runtime/core";
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  type McpRequestContext,
  ProtocolError,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { AgentCalls } from "./agent-calls.ts";
import { callAgent } from "./agent-tool-call.ts";
import type { Catalogue } from "./catalogue.ts";
import { canFillForms } from "./client-session.ts";
import type { Exchange } from "./exchange.ts";
import { contextOf, forSdk, unknownName } from "./sdk-values.ts";
import type { McpProgress } from "./to-mcp-progress.ts";
import { toErrorResult } from "./to-tool-result.ts";

/** What a call of a tool is answered out of. */
export interface ToolCallParts {
  readonly catalogue: Catalogue;
  readonly calls: AgentCalls;
  readonly exchange: Exchange;
  readonly era: McpRequestContext["era"];
}

/** Calls a tool, be it an agent or the user's own. */
export async function callTool(
  name: string,
  input: Readonly<Record<string, unknown>>,
  ctx: ServerContext,
  { catalogue, calls, exchange, era }: ToolCallParts,
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
    return forSdk(toErrorResult(known));
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
