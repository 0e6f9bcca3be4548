import type { AgentPart } from "@agentscope-runtime/core";
import { InMemorySessionHistoryService } from "agentscope-runtime";
import { describe, expect, it, test } from "vitest";
import { type Answerer, answerers } from "./support/answerers.ts";
import { askers } from "./support/askers.ts";
import { a2aClient, mcpClient, parts, revisions, stateOf } from "./support/clients.ts";
import { everyProtocol, runOf, runsOf, serve } from "./support/serve.ts";

/** Serves an agent that asks whether it may pay, and says what it was told. */
async function serveShop({ remembers = false, asks = "pay" } = {}): Promise<string> {
  const history = new InMemorySessionHistoryService();
  const app = everyProtocol()
    .init(() => history.start())
    .services(() => (remembers ? { history } : {}))
    .query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
      if (request.continues === undefined) {
        yield { kind: "text-delta", messageId: "M1", text: "May I pay?" };
        yield { kind: "approval-request", requestId: asks, name: "pay", arguments: "{}" };
        return;
      }
      const answers = msgs.filter(({ type }) => type === "mcp_approval_response");
      const said = answers
        .flatMap(({ content }) => content ?? [])
        .map((slot) => slot.type === "data" && slot.data);
      const [word] = said.map((data) => data && data.approval_request_id === "pay" && data.approve);
      const text = said.length !== 1 ? "I was told nothing." : word === true ? "I pay." : "I leave it.";
      yield { kind: "text-delta", messageId: "M2", text };
    });
  return serve(app);
}

const pairs = Object.entries(askers).flatMap(([asking, asker]) =>
  Object.entries(answerers).flatMap(([answering, answerer]) =>
    [true, false].map((approve) => ({
      asking,
      answering,
      asker,
      answerer,
      approve,
      word: approve ? "approved" : "declined",
    })),
  ),
);

test.each(pairs)("what is asked over $asking is $word over $answering", async (pair) => {
  const { asker, answerer, approve } = pair;
  const url = await serveShop();
  const { runId, seen } = await asker.start(url);
  expect({ asked: seen }).toMatchObject({ asked: asker.asked });
  const run = await runOf(url, runId);
  expect(await answerer.answer(url, run, approve)).toContain(approve ? "I pay." : "I leave it.");
  expect(await runsOf(url, run.session_id)).toMatchObject([
    { status: "completed" },
    { status: "incomplete" },
  ]);
  // The chain is one task to A2A, whoever has made it.
  const task = await (await a2aClient(url)).getTask({ tenant: "", id: runId });
  expect(stateOf(task)).toBe("TASK_STATE_COMPLETED");
});

const twice = Object.entries(answerers).flatMap(([first, one]) =>
  Object.entries(answerers).flatMap(([second, other]) =>
    [true, false].map((remembers) => ({ first, second, one, other, remembers, again: other.again })),
  ),
);

/** An agent whose question was declined over one protocol, with or without a history to branch from. */
async function declined(one: Answerer, remembers: boolean) {
  const url = await serveShop({ remembers });
  const run = await runOf(url, (await askers["the Agent API"].start(url)).runId);
  await one.answer(url, run, false);
  return { url, run };
}

test.each(twice)(
  "what was declined over $first can't be approved over $second (history: $remembers)",
  async ({ one, other, again, remembers }) => {
    const { url, run } = await declined(one, remembers);
    await expect(other.answer(url, run, true)).rejects.toMatchObject(again);
    expect(await runsOf(url)).toHaveLength(2);
  },
);

const names = Object.keys(answerers);
const races = names.flatMap((first, index) => names.slice(index).map((second) => ({ first, second })));

test.each(races)("of two answers at once, over $first and $second, one counts", async ({ first, second }) => {
  const url = await serveShop({ remembers: true });
  const run = await runOf(url, (await askers["the Agent API"].start(url)).runId);
  const answers = [first, second].map((name) => answerers[name]?.answer(url, run, true));
  const settled = await Promise.allSettled(answers);
  const heard = settled.filter(({ status }) => status === "fulfilled");
  expect(heard).toMatchObject([{ value: expect.stringContaining("I pay.") }]);
  expect(await runsOf(url)).toHaveLength(2);
});

test.each(Object.entries(answerers))(
  "what was not asked can't be approved over %s",
  async (_, { answer }) => {
    const url = await serveShop({ asks: "sell" });
    const run = await runOf(url, (await askers["the Agent API"].start(url)).runId);
    await expect(answer(url, run, true)).rejects.toThrow();
    expect(await runsOf(url)).toHaveLength(1);
  },
);

describe.each(revisions)("a call of MCP %s whose user is asked", (revision) => {
  it.each(Object.entries(answerers))(
    "goes on with the answer that comes over %s first",
    async (_, { answer }) => {
      const url = await serveShop();
      const client = await mcpClient(url, revision, { capabilities: { elicitation: {} } });
      client.setRequestHandler("elicitation/create", async () => {
        const [run] = await runsOf(url);
        if (run === undefined) throw new Error("There is no run.");
        await answer(url, run, true);
        // Too late, and nobody can be told: what answers a question gets no answer itself.
        return { action: "decline" };
      });
      const result = await client.callTool({ name: "Friday", arguments: { message: "Buy" } });
      expect(result).toMatchObject({
        content: [{ text: "I pay." }],
        structuredContent: { status: "completed" },
      });
      expect(await runsOf(url)).toMatchObject([{ status: "completed" }, { status: "incomplete" }]);
    },
  );

  it.each([true, false])("goes on with what its user says (%s)", async (approve) => {
    const url = await serveShop();
    const client = await mcpClient(url, revision, { capabilities: { elicitation: {} } });
    client.setRequestHandler("elicitation/create", async () => ({
      action: "accept",
      content: { approve_1: approve },
    }));
    const result = await client.callTool({ name: "Friday", arguments: { message: "Buy" } });
    expect(result).toMatchObject({ content: [{ text: approve ? "I pay." : "I leave it." }] });
  });
});
