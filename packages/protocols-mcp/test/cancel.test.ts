import { type AgentPart, InMemoryRunStore, text } from "@agentscope-runtime/core";
import { mcpTool } from "@agentscope-runtime/protocols-mcp";
import { expect, it } from "vitest";
import { z } from "zod";
import { call, framesOf, introduce, post } from "./support/messages.ts";
import { mcpApp, parts, serve } from "./support/serve.ts";

const cancelOf = (requestId: number) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId },
});

async function lastOf(answer: Response): Promise<unknown> {
  const frames = await Array.fromAsync(framesOf(answer));
  return JSON.parse(frames.at(-1)?.data ?? "");
}

async function statusesOf(url: string): Promise<readonly string[]> {
  const { data } = (await (await fetch(`${url}/runs`)).json()) as { data: readonly { status: string }[] };
  return data.map(({ status }) => status);
}

it("does not run a call that its cancellation has overtaken, and the next one as always", async () => {
  const heard: string[] = [];
  const app = mcpApp().query(text(), ({ request }) => {
    heard.push(request.id);
    return "ok";
  });
  const url = await serve(app);
  const headers = await introduce(url);
  // Other clients have requests of that number as well.
  await post(url, cancelOf(8), await introduce(url));
  expect((await post(url, cancelOf(7), headers)).status).toBe(202);
  await expect(lastOf(await post(url, call(7), headers))).resolves.toMatchObject({
    id: 7,
    result: { isError: true, structuredContent: { status: "canceled" } },
  });
  expect(heard).toEqual([]);
  expect(await statusesOf(url)).toEqual(["canceled"]);
  for (const id of [7, 8]) {
    await expect(lastOf(await post(url, call(id), headers))).resolves.toMatchObject({
      result: { structuredContent: { status: "completed" } },
    });
  }
});

it("cancels a call that comes to another server than its cancellation, and after it", async () => {
  const runStore = new InMemoryRunStore();
  const app = mcpApp({ runStore }).query(text(), async function* ({ signal }) {
    yield "started";
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const [one, other] = [await serve(app), await serve(app)];
  const headers = await introduce(one);
  await post(other, cancelOf(7), headers);
  await expect(lastOf(await post(one, call(7), headers))).resolves.toMatchObject({
    id: 7,
    result: { structuredContent: { status: "canceled" } },
  });
});

it("does not call a user's tool for a call that its cancellation has overtaken", async () => {
  let calls = 0;
  const tool = mcpTool({ name: "count", input: z.object({}), call: () => `${++calls}` });
  const url = await serve(mcpApp({}, { tools: [tool] }).query(text(), () => "ok"));
  const headers = await introduce(url);
  await post(url, cancelOf(7), headers);
  const message = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "count", arguments: {} } };
  expect((await post(url, message, headers)).status).toBe(202);
  expect(calls).toBe(0);
  await expect(lastOf(await post(url, message, headers))).resolves.toMatchObject({
    result: { content: [{ text: "1" }] },
  });
});

it("gives the call up for all servers when it is canceled while its user is asked", async () => {
  const heard: unknown[] = [];
  const runStore = new InMemoryRunStore();
  const app = mcpApp({ runStore }).query(parts(), function* ({ request, msgs }): Generator<AgentPart> {
    if (request.continues !== undefined) {
      heard.push(msgs);
      return;
    }
    yield { kind: "approval-request", requestId: "pay", name: "pay", arguments: "{}" };
  });
  const [one, other] = [await serve(app), await serve(app)];
  const headers = await introduce(one, { elicitation: {} });
  let last: { id?: unknown; method?: string; result?: object } = {};
  let question: unknown;
  for await (const { data } of framesOf(await post(one, call(7), headers))) {
    last = data === "" ? {} : JSON.parse(data);
    if (last.method !== "elicitation/create") continue;
    question = last.id;
    for (const url of [other, one]) expect((await post(url, cancelOf(7), headers)).status).toBe(202);
  }
  expect(last).toMatchObject({ id: 7, result: { structuredContent: { status: expect.any(String) } } });
  expect(await statusesOf(one)).toEqual(["canceled", "incomplete"]);
  const result = { action: "accept", content: { approve_1: true } };
  expect((await post(one, { jsonrpc: "2.0", id: question, result }, headers)).status).toBe(202);
  expect(heard).toEqual([]);
  expect(await statusesOf(one)).toEqual(["canceled", "incomplete"]);
});

it("tells whoever reads a call on one server that it was given up on another one", async () => {
  const runStore = new InMemoryRunStore();
  const app = mcpApp({ runStore }).query(parts(), function* (): Generator<AgentPart> {
    yield { kind: "approval-request", requestId: "pay", name: "pay", arguments: "{}" };
  });
  const [one, other] = [await serve(app), await serve(app)];
  const headers = await introduce(one, { elicitation: {} });
  let last: { method?: string } = {};
  for await (const { data } of framesOf(await post(one, call(7), headers))) {
    last = data === "" ? {} : JSON.parse(data);
    if (last.method === "elicitation/create") await post(other, cancelOf(7), headers);
  }
  expect(last).toMatchObject({ id: 7, result: { structuredContent: { status: "canceled" } } });
});
