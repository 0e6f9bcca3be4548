import { request } from "node:http";
import { type AgentAppOptions, text } from "@agentscope-runtime/core";
import { type McpOptions, mcpTool } from "@agentscope-runtime/protocols-mcp";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { call, type Frame, framesOf, introduce, post, resume } from "./support/messages.ts";
import { connect, mcpApp, revisions, serve } from "./support/serve.ts";

const app = (options: Partial<AgentAppOptions> = {}, mcpOptions: McpOptions = {}) =>
  mcpApp(options, mcpOptions).query(text(), ({ request }) => `Hello ${request.user_id}`);
const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => {
  const [, userId] = /^Bearer (.+)$/.exec(String(headers.authorization)) ?? [];
  return userId === undefined ? undefined : { userId };
};
const as = (user: string) => ({ authorization: `Bearer ${user}` });

/** The status of an answer to a request with any header, even one that fetch would not send. */
function statusOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  method = "POST",
): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const all = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...headers,
  };
  const asked = request(`${url}/mcp`, { method, headers: all }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  });
  asked.on("error", reject);
  asked.end(method === "POST" ? JSON.stringify(call(1)) : undefined);
  return promise;
}

it("takes requests of pages of this machine only", async () => {
  const url = await serve(app());
  for (const [origin, expected] of [
    ["http://localhost:5173", 200],
    ["http://127.0.0.1", 200],
    ["http://[::1]:80", 200],
    ["https://evil.example", 403],
    ["http://localhost.evil.example", 403],
    ["null", 403],
    ["chrome-extension://abc", 403],
  ] as const) {
    expect([origin, await statusOf(url, { origin })]).toEqual([origin, expected]);
    const got = await statusOf(url, { origin }, "GET");
    expect([origin, got]).toEqual([origin, expected === 200 ? 405 : expected]);
  }
  const refused = await post(url, call(1), { origin: "https://evil.example" });
  expect(await refused.json()).toMatchObject({
    jsonrpc: "2.0",
    error: { code: -32000, message: expect.stringContaining("Origin"), data: { code: "ACCESS_DENIED" } },
    id: null,
  });
});

it("takes requests for this machine only where it is reached over loopback, whatever it listens on", async () => {
  const running = await app().run({ host: "0.0.0.0", port: 0 });
  try {
    const url = `http://127.0.0.1:${new URL(running.url).port}`;
    expect(await statusOf(url, {})).toBe(200);
    for (const host of ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "a b"]) {
      expect([host, await statusOf(url, { host })]).toEqual([host, 403]);
    }
  } finally {
    await running.close();
  }
});

it("takes the hosts and origins that it is told of, and only those", async () => {
  const options = { allowedHosts: ["agents.example"], allowedOrigins: ["app.example"] };
  const running = await app({}, options).run({ host: "0.0.0.0", port: 0 });
  try {
    const url = `http://127.0.0.1:${new URL(running.url).port}`;
    const host = "agents.example:8443";
    expect(await statusOf(url, { host })).toBe(200);
    expect(await statusOf(url, {})).toBe(403);
    expect(await statusOf(url, { host, origin: "https://app.example" })).toBe(200);
    expect(await statusOf(url, { host, origin: "http://localhost" })).toBe(403);
  } finally {
    await running.close();
  }
});

it("asks for credentials, in a way that clients understand", async () => {
  const url = await serve(app({ authenticate }));
  for (const answer of [await post(url, call(1)), await resume(url, "x", {})]) {
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(await answer.json()).toMatchObject({
      jsonrpc: "2.0",
      error: { data: { code: "AUTH_FAILED" } },
      id: null,
    });
  }
});

describe.each(revisions)("a client of %s", (revision) => {
  it("acts as who its credentials say it is", async () => {
    const url = await serve(app({ authenticate }));
    const client = await connect(url, revision, { headers: as("alice") });
    const result = await client.callTool({ name: "Friday", arguments: { message: "Hi", user_id: "bob" } });
    expect(result).toMatchObject({ content: [{ text: "Hello alice" }] });
  });

  it("can't go on with the waiting run of somebody else", async () => {
    const asking = mcpApp({ authenticate }).query(text(), async function* () {
      yield "Yes?";
      throw new Error("waits");
    });
    const url = await serve(asking);
    const alice = await connect(url, revision, { headers: as("alice") });
    const bob = await connect(url, revision, { headers: as("bob") });
    const mine = await alice.callTool({ name: "Friday", arguments: { message: "Hi" } });
    const { run_id } = mine.structuredContent as { run_id: string };
    const theirs = await bob.callTool({ name: "Friday", arguments: { message: "Hi", continues: run_id } });
    expect(theirs).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("RESOURCE_NOT_FOUND") }],
    });
  });
});

it("hides the streams, questions and calls of others", async () => {
  const gate = Promise.withResolvers<void>();
  const slow = mcpApp({ authenticate }).query(text(), async function* ({ signal }) {
    yield "started";
    await Promise.race([gate.promise, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    yield signal.aborted ? "stopped" : "done";
  });
  const url = await serve(slow);
  const alice = await introduce(url, { elicitation: {} }, as("alice"));
  // Whoever knows the session's id, but has no credentials of its user.
  const thief = { ...alice, ...as("bob") };
  const frames: Frame[] = [];
  for await (const frame of framesOf(await post(url, call(1, undefined, 1), alice))) {
    frames.push(frame);
    if (!frame.data.includes("started") || frame.data.includes("result")) continue;
    const { 1: runId } = JSON.parse(Buffer.from(frame.id, "base64url").toString());
    expect((await resume(url, frame.id, thief)).status).toBe(404);
    const question = JSON.stringify(["question", "Friday", runId]);
    const answer = { jsonrpc: "2.0", id: question, result: { action: "decline" } };
    expect((await post(url, answer, thief)).status).toBe(404);
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
    expect((await post(url, cancel, thief)).status).toBe(202);
    gate.resolve();
  }
  expect(JSON.parse(frames.at(-1)?.data ?? "")).toMatchObject({
    result: { content: [{ text: "starteddone" }] },
  });
});

it("lets nobody cancel the tools of others", async () => {
  const gate = Promise.withResolvers<void>();
  const tool = mcpTool({
    name: "slow",
    input: z.object({}),
    call: async (_, { signal, progress }) => {
      await progress();
      await gate.promise;
      return signal.aborted ? "stopped" : "done";
    },
  });
  const url = await serve(app({ authenticate }, { tools: [tool] }));
  const alice = await introduce(url, {}, as("alice"));
  const params = { name: "slow", _meta: { progressToken: 1 } };
  const frames = framesOf(await post(url, { ...call(1), params }, alice));
  await frames.next();
  const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
  await post(url, cancel, { ...alice, ...as("bob") });
  gate.resolve();
  expect((await frames.next()).value?.data).toContain("done");
});

it("has clients introduce themselves anew that name a session it has never given out", async () => {
  const url = await serve(app());
  for (const id of ["x", "1".repeat(5000), "00000000-0000-0000-0000-000000000000.admin"]) {
    const answer = await post(url, call(1), { "mcp-session-id": id });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: -32001 } });
  }
});
