import {
  a2aClient,
  agUiClient,
  ask,
  mcpClient,
  openaiClient,
  post,
  type Revision,
  say,
  stateOf,
} from "./clients.ts";

/** A run that waits for an answer, and how its client sees that. */
export interface Asked {
  readonly runId: string;
  readonly seen: unknown;
}

/** Starts a run that asks whether it may pay. */
export interface Asker {
  start(url: string): Promise<Asked>;
  /** What the client sees that has started it. */
  readonly asked: unknown;
}

/** Every protocol whose run may come to a question. */
export const askers = {
  "the Agent API": {
    start: async (url) => {
      const seen = await (await post(`${url}/process`, ask("Buy", { stream: false }))).json();
      return { runId: (seen as { readonly id: string }).id, seen };
    },
    asked: { status: "incomplete", incomplete_details: { reason: "input_required", request_ids: ["pay"] } },
  },
  Responses: {
    start: async (url) => {
      const seen = await openaiClient(url).responses.create({ model: "Friday", input: "Buy" });
      return { runId: seen.id, seen };
    },
    asked: {
      status: "completed",
      output: [
        { type: "message" },
        { type: "mcp_approval_request", id: "pay", name: "pay", arguments: "{}" },
      ],
    },
  },
  Chat: {
    start: async (url) => {
      const messages = [{ role: "user" as const, content: "Buy" }];
      const seen = await openaiClient(url).chat.completions.create({ model: "Friday", messages });
      return { runId: seen.id, seen };
    },
    asked: {
      choices: [
        {
          finish_reason: "tool_calls",
          message: { content: "May I pay?", tool_calls: [{ function: { name: "approve_tool_call" } }] },
        },
      ],
    },
  },
  A2A: {
    start: async (url) => {
      const task = await (await a2aClient(url)).sendMessage(say("Buy"));
      if (!("artifacts" in task)) throw new Error("The answer is no task.");
      return { runId: task.id, seen: stateOf(task) };
    },
    asked: "TASK_STATE_INPUT_REQUIRED",
  },
  "AG-UI": {
    start: async (url) => {
      const client = agUiClient(url);
      await client.say("Buy", { runId: client.threadId });
      return { runId: client.threadId, seen: client.pendingInterrupts };
    },
    asked: [{ id: "pay", reason: "confirmation" }],
  },
  "MCP of 2025": mcp("2025-11-25"),
  "MCP of 2026": mcp("2026-07-28"),
} satisfies Readonly<Record<string, Asker>>;

function mcp(revision: Revision): Asker {
  return {
    start: async (url) => {
      const client = await mcpClient(url, revision);
      const seen = await client.callTool({ name: "Friday", arguments: { message: "Buy" } });
      return { runId: (seen.structuredContent as { readonly run_id: string }).run_id, seen };
    },
    asked: {
      structuredContent: { status: "incomplete", reason: "input_required", requests: [{ id: "pay" }] },
    },
  };
}
