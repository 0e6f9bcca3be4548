import type { McpApprovalResponse, Message } from "@agentscope-runtime/agent-api";
import {
  type AgentApp,
  type AgentAppOptions,
  type AgentPart,
  InMemoryRunStore,
} from "@agentscope-runtime/core";
import type { Progress } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { call, type Frame, framesOf, introduce, post, progressOf, resume } from "./support/messages.ts";
import { connect, mcpApp, parts, type Revision, revisions, serve } from "./support/serve.ts";

const buy = { name: "Friday", arguments: { message: "Buy shoes", session_id: "s1" } };

/** Asks whether it may pay, and then for the size, and says what it was told. */
function shop(script?: readonly AgentPart[], options: Partial<AgentAppOptions> = {}): AgentApp {
  return mcpApp(options).query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
    if (request.continues === undefined) {
      yield* script ?? [
        { kind: "text-delta", messageId: "M", text: "May I pay?" },
        { kind: "approval-request", requestId: "pay", name: "pay", arguments: '{"euros":50}' },
        { kind: "approval-request", requestId: "ship", name: "ship", arguments: "{}" },
      ];
      return;
    }
    yield { kind: "text-delta", messageId: "M", text: wordsOf(msgs) };
    if (!wordsOf(msgs).includes("pay yes")) return;
    yield { kind: "text-delta", messageId: "M2", text: "Which size?" };
    yield { kind: "finish", reason: "input_required" };
  });
}

function wordsOf(messages: readonly Message[]): string {
  return messages
    .flatMap(({ content }) => content ?? [])
    .map((slot) => {
      if (slot.type === "text") return slot.text;
      const { approval_request_id, approve, reason } = (slot as { data: unknown })
        .data as McpApprovalResponse;
      return `${approval_request_id} ${approve ? "yes" : "no"}${reason ? `, ${reason}` : ""}`;
    })
    .join("; ");
}

async function runsOf(url: string, session: string): Promise<readonly object[]> {
  const answer = await fetch(`${url}/runs?session_id=${session}`);
  return ((await answer.json()) as { data: readonly object[] }).data;
}

/** A client whose user answers the forms one after the other. */
async function asking(url: string, revision: Revision, answers: readonly object[]) {
  const asked: { message: string; requestedSchema: unknown }[] = [];
  const client = await connect(url, revision, { capabilities: { elicitation: {} } });
  client.setRequestHandler("elicitation/create", async ({ params }) => {
    asked.push(params as never);
    return answers[asked.length - 1] as never;
  });
  return { client, asked };
}

describe.each(revisions)("a client of %s whose user can be asked", (revision) => {
  it("asks for what the run waits for, as often as it waits, and goes on with the answers", async () => {
    const url = await serve(shop());
    const { client, asked } = await asking(url, revision, [
      { action: "accept", content: { approve_1: true, approve_2: false } },
      { action: "accept", content: { answer: "42" } },
    ]);
    const progress: Progress[] = [];
    const result = await client.callTool(buy, { onprogress: (one) => progress.push(one) });
    expect(asked).toMatchObject([
      {
        message: "May I pay?",
        requestedSchema: {
          properties: {
            approve_1: { type: "boolean", title: "Allow pay?", description: '{"euros":50}' },
            approve_2: { type: "boolean", title: "Allow ship?" },
          },
          required: ["approve_1", "approve_2"],
        },
      },
      { message: "Which size?", requestedSchema: { properties: { answer: { type: "string" } } } },
    ]);
    expect(result).toMatchObject({
      content: [{ text: "42" }],
      structuredContent: { status: "completed", session_id: "s1" },
    });
    // The SDK of 2026-07-28 adds a word of its own before each round.
    const texts = progress.map(({ message = "" }) => (message.startsWith("Fulfilling") ? "" : message));
    expect(texts.join("")).toBe("May I pay?pay yes; ship noWhich size?42");
    await expect(runsOf(url, "s1")).resolves.toMatchObject([
      { status: "completed" },
      { status: "incomplete" },
      { status: "incomplete" },
    ]);
  });

  it.each(["decline", "cancel"])("takes a %s for a no", async (action) => {
    const { client } = await asking(await serve(shop()), revision, [{ action }]);
    await expect(client.callTool(buy)).resolves.toMatchObject({
      content: [
        { text: `pay no, The user has chosen to ${action}.; ship no, The user has chosen to ${action}.` },
      ],
    });
  });

  it("takes a decline of a question for an answer", async () => {
    const app = shop([{ kind: "finish", reason: "input_required" }]);
    const { client, asked } = await asking(await serve(app), revision, [{ action: "decline" }]);
    await expect(client.callTool(buy)).resolves.toMatchObject({
      content: [{ text: "(The user has chosen to decline.)" }],
    });
    expect(asked).toMatchObject([{ message: "The agent waits for your answer." }]);
  });

  it("does not ask in a form where the user has to sign in", async () => {
    const app = shop([{ kind: "finish", reason: "auth_required" }]);
    const { client, asked } = await asking(await serve(app), revision, []);
    await expect(client.callTool(buy)).resolves.toMatchObject({
      content: [{ text: expect.stringContaining("sign in") }],
      structuredContent: { status: "incomplete", reason: "auth_required" },
    });
    expect(asked).toEqual([]);
  });
});

describe.each(revisions)("a client of %s whose user can't be asked", (revision) => {
  it("is told what is asked, and how to go on", async () => {
    const client = await connect(await serve(shop()), revision);
    const first = await client.callTool(buy);
    const { run_id } = first.structuredContent as { run_id: string };
    expect(first).toMatchObject({
      content: [{ text: "May I pay?" }, { text: expect.stringContaining(`continues: "${run_id}"`) }],
      structuredContent: {
        status: "incomplete",
        reason: "input_required",
        requests: [
          { id: "pay", name: "pay", arguments: '{"euros":50}' },
          { id: "ship", name: "ship", arguments: "{}" },
        ],
      },
    });
    expect(first.isError).toBeFalsy();
    const approvals = [
      { request_id: "pay", approve: true },
      { request_id: "ship", approve: false, reason: "I fetch it." },
    ];
    const second = await client.callTool({ name: "Friday", arguments: { continues: run_id, approvals } });
    expect(second).toMatchObject({
      content: [
        { text: "pay yes; ship no, I fetch it." },
        { text: "Which size?" },
        { text: expect.any(String) },
      ],
      structuredContent: { session_id: "s1", requests: [] },
    });
    const waiting = (second.structuredContent as { run_id: string }).run_id;
    const third = await client.callTool({ name: "Friday", arguments: { continues: waiting, message: "42" } });
    expect(third).toMatchObject({ content: [{ text: "42" }], structuredContent: { status: "completed" } });
  });
});

it("goes on for a client of 2025-11-25 whose question was answered elsewhere", async () => {
  const url = await serve(shop([{ kind: "finish", reason: "input_required" }]));
  const headers = await introduce(url, { elicitation: {} });
  let last: { result?: object } = {};
  for await (const { data } of framesOf(await post(url, call(1), headers))) {
    last = data === "" ? {} : JSON.parse(data);
    const [, , runId] = "id" in last && "method" in last ? JSON.parse(last.id as string) : [];
    if (runId === undefined) continue;
    const input = [{ role: "user", content: [{ type: "text", text: "From the web." }] }];
    const body = JSON.stringify({ input, continues: runId, stream: false });
    await fetch(`${url}/process`, { method: "POST", headers: { "content-type": "application/json" }, body });
  }
  expect(last).toMatchObject({ id: 1, result: { content: [{ text: "From the web." }] } });
});

it("starts one run for an answer that comes twice", async () => {
  const url = await serve(shop([{ kind: "finish", reason: "input_required" }]));
  const headers = await introduce(url, { elicitation: {} });
  let last: { id?: unknown; result?: object; method?: string } = {};
  for await (const { data } of framesOf(
    await post(url, call(1, { message: "Hi", session_id: "s" }), headers),
  )) {
    last = data === "" ? {} : JSON.parse(data);
    if (last.method === undefined) continue;
    const answer = { jsonrpc: "2.0", id: last.id, result: { action: "accept", content: { answer: "42" } } };
    const answered = await Promise.all([post(url, answer, headers), post(url, answer, headers)]);
    expect(answered.map(({ status }) => status)).toEqual([202, 202]);
  }
  expect(last).toMatchObject({ id: 1, result: { content: [{ text: "42" }] } });
  await expect(runsOf(url, "s")).resolves.toHaveLength(2);
});

it("gives the stream of an answered call once more from any event on", async () => {
  const runStore = new InMemoryRunStore();
  const app = shop(
    [
      { kind: "text-delta", messageId: "M", text: "Hm." },
      { kind: "finish", reason: "input_required" },
    ],
    {
      runStore,
    },
  );
  const [one, other] = [await serve(app), await serve(app)];
  const headers = await introduce(one, { elicitation: {} });
  const whole: Frame[] = [];
  for await (const frame of framesOf(await post(one, call(1, undefined, "t"), headers))) {
    whole.push(frame);
    const { id, method } = frame.data === "" ? {} : JSON.parse(frame.data);
    if (method !== "elicitation/create") continue;
    await post(
      other,
      { jsonrpc: "2.0", id, result: { action: "accept", content: { answer: "42" } } },
      headers,
    );
  }
  const numbers = whole.map(progressOf).filter((number) => number !== undefined);
  expect(numbers.length).toBeGreaterThan(1);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  for (const [index, { id }] of whole.entries()) {
    const rest = await Array.fromAsync(framesOf(await resume(other, id, headers)));
    expect(rest).toEqual(whole.slice(index + 1));
  }
});

it("gives a client up that cancels while its user is asked", async () => {
  const url = await serve(shop());
  const headers = await introduce(url, { elicitation: {} });
  let last: { id?: unknown; method?: string } = {};
  for await (const { data } of framesOf(await post(url, call(7), headers))) {
    last = data === "" ? {} : JSON.parse(data);
    if (last.method === undefined) continue;
    const params = { requestId: 7 };
    await post(url, { jsonrpc: "2.0", method: "notifications/cancelled", params }, headers);
  }
  expect(last).toMatchObject({ id: 7, result: { structuredContent: { status: "incomplete" } } });
});

it("answers no question of a run that waits for nothing, or is not there", async () => {
  const url = await serve(shop([]));
  const headers = await introduce(url, { elicitation: {} });
  const frames = await Array.fromAsync(framesOf(await post(url, call(1), headers)));
  const { run_id } = JSON.parse(frames.at(-1)?.data ?? "").result.structuredContent;
  const answer = (id: string) => post(url, { jsonrpc: "2.0", id, result: { action: "decline" } }, headers);
  expect((await answer(JSON.stringify(["question", "Friday", run_id]))).status).toBe(400);
  expect((await answer(JSON.stringify(["question", "Friday", "nowhere"]))).status).toBe(404);
  for (const id of ["5", '["question"]', '["question","Friday"', "x".repeat(3000)]) {
    expect((await answer(id)).status).toBe(202);
  }
});
