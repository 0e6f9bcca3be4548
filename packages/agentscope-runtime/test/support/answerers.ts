import { expect } from "vitest";
import {
  a2aClient,
  agUiClient,
  ask,
  mcpClient,
  openaiClient,
  post,
  type Revision,
  say,
  textOf,
} from "./clients.ts";
import type { RunView } from "./serve.ts";

/** Says yes or no to the question of a run, whoever has started it. */
export interface Answerer {
  /** Resolves to what the agent says to the answer, and rejects where that is refused. */
  answer(url: string, run: RunView, approve: boolean): Promise<string>;
  /** How an answer is refused that was given already. */
  readonly again: object;
}

const answered = expect.stringContaining("answered already");

/** Every protocol that has words for an answer. */
export const answerers: Readonly<Record<string, Answerer>> = {
  "the Agent API": {
    answer: async (url, { id }, approve) => {
      const content = [{ type: "data" as const, data: decision(approve) }];
      const input = [{ type: "mcp_approval_response", role: "user" as const, content }];
      const answer = await post(`${url}/process`, { ...ask(""), input, continues: id, stream: false });
      if (!answer.ok) throw { status: answer.status, ...((await answer.json()) as object) };
      return JSON.stringify(((await answer.json()) as { readonly output: unknown }).output);
    },
    again: { status: 409, error: { code: "RUN_ANSWERED", message: answered } },
  },
  Responses: {
    answer: async (url, { id }, approve) => {
      const input = [{ type: "mcp_approval_response" as const, approval_request_id: "pay", approve }];
      const params = { model: "Friday", previous_response_id: id, input };
      return (await openaiClient(url).responses.create(params)).output_text;
    },
    again: { status: 400, param: "previous_response_id", message: answered },
  },
  Chat: {
    answer: async (url, { id }, approve) => {
      // As a chat shows the request that the run ended with.
      const callId = `approval:${id}:pay`;
      const call = { name: "approve_tool_call", arguments: '{"name":"pay","arguments":{}}' };
      const { choices } = await openaiClient(url).chat.completions.create({
        model: "Friday",
        messages: [
          { role: "user", content: "Buy" },
          { role: "assistant", tool_calls: [{ id: callId, type: "function", function: call }] },
          { role: "tool", tool_call_id: callId, content: JSON.stringify({ approve }) },
        ],
      });
      return choices[0]?.message.content ?? "";
    },
    again: { status: 400, message: answered },
  },
  A2A: {
    answer: async (url, { id: taskId }, approve) => {
      const client = await a2aClient(url);
      return textOf(await client.sendMessage(say("", { taskId, parts: [{ data: decision(approve) }] })));
    },
    again: { name: "UnsupportedOperationError", message: expect.stringContaining("takes no message") },
  },
  "AG-UI": {
    answer: async (url, { session_id: threadId, user_id }, approve) => {
      const client = agUiClient(url, { path: `/ag-ui?user_id=${encodeURIComponent(user_id)}`, threadId });
      await client.ask({
        resume: [{ interruptId: "pay", status: "resolved", payload: { approved: approve } }],
      });
      return JSON.stringify(client.talk.at(-1));
    },
    again: { status: 400, payload: { error: { code: "INVALID_PARAMETER", message: answered } } },
  },
  "MCP of 2025": mcp("2025-11-25"),
  "MCP of 2026": mcp("2026-07-28"),
};

function mcp(revision: Revision): Answerer {
  return {
    answer: async (url, { id: continues }, approve) => {
      const client = await mcpClient(url, revision);
      const approvals = [{ request_id: "pay", approve }];
      const result = await client.callTool({ name: "Friday", arguments: { continues, approvals } });
      const [said] = result.content as { readonly text: string }[];
      if (result.isError) throw new Error(said?.text);
      return said?.text ?? "";
    },
    again: { message: answered },
  };
}

function decision(approve: boolean): Record<string, unknown> {
  return { approval_request_id: "pay", approve };
}
