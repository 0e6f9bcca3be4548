import { InMemoryRunStore, type ReadRunOptions, text } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { a2aApp, scriptedApp, serve } from "./support/serve.ts";

const V1 = { "content-type": "application/json", "a2a-version": "1.0" };

function post(url: string, body: unknown, headers: Record<string, string> = V1): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const message = { messageId: "m1", role: "ROLE_USER", parts: [{ text: "Hi" }] };

describe("JSON-RPC", () => {
  const send = { jsonrpc: "2.0", id: 7, method: "SendMessage", params: { message } };

  it.each([
    ["no JSON", "{", 200, -32700, null],
    ["a forbidden key", '{"__proto__":1}', 200, -32700, null],
    ["no request", [], 200, -32600, null],
    ["another version of JSON-RPC", { ...send, jsonrpc: "1.0" }, 200, -32600, null],
    ["an id that can be none", { ...send, id: {} }, 200, -32600, null],
    ["an unknown method", { ...send, method: "Send" }, 200, -32601, 7],
    ["no params", { ...send, params: undefined }, 200, -32602, 7],
    ["a list of params", { ...send, params: [] }, 200, -32602, 7],
    ["no message", { ...send, params: {} }, 200, -32602, 7],
    [
      "a message of an agent",
      { ...send, params: { message: { ...message, role: "ROLE_AGENT" } } },
      200,
      -32602,
      7,
    ],
    ["a stream of nothing", { ...send, method: "SendStreamingMessage", params: {} }, 200, -32602, 7],
    ["an unknown task", { ...send, method: "SubscribeToTask", params: { id: "x" } }, 200, -32001, 7],
    ["no id of a task", { ...send, method: "GetTask", params: {} }, 200, -32602, 7],
  ])("refuses %s", async (_, body, status, code, id) => {
    const answer = await post(`${await serve(scriptedApp([]))}/a2a`, body);
    expect([answer.status, await answer.json()]).toMatchObject([
      status,
      { jsonrpc: "2.0", id, error: { code } },
    ]);
  });

  it("refuses other versions, and says what to do about it", async () => {
    const url = `${await serve(scriptedApp([]))}/a2a`;
    const other = await post(url, send, { ...V1, "a2a-version": "2.0" });
    expect(await other.json()).toMatchObject({
      error: { code: -32009, data: [{ reason: "VERSION_NOT_SUPPORTED", domain: "a2a-protocol.org" }] },
    });
    const none = await post(url, send, { "content-type": "application/json" });
    const { error } = (await none.json()) as { error: { code: number; message: string } };
    expect(error.code).toBe(-32009);
    expect(error.message).toMatch("A2A-Version: 1.0");
    expect(await (await post(url, "Hi", { ...V1, "content-type": "text/plain" })).json()).toMatchObject({
      error: { code: -32005 },
    });
  });

  it("ends an answer that takes a refusal of HTTP with that", async () => {
    const app = scriptedApp([], { authenticate: () => undefined });
    const answer = await post(`${await serve(app)}/a2a`, send);
    expect([answer.status, await answer.json()]).toMatchObject([
      401,
      { jsonrpc: "2.0", error: { code: -32603 } },
    ]);
    const full = await post(`${await serve(scriptedApp([], { streams: { maxOpenStreams: 0 } }))}/a2a`, send);
    expect([full.status, full.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await full.json()).toMatchObject({ id: 7, error: { data: [{ reason: "SERVICE_UNAVAILABLE" }] } });
  });

  it("meets the run of a message that is sent again with its idempotency key", async () => {
    const url = `${await serve(scriptedApp([]))}/a2a`;
    const headers = { ...V1, "idempotency-key": "k1" };
    // Clients number their requests.
    const next = { ...send, id: 8 };
    const [first, again] = await Promise.all([post(url, send, headers), post(url, next, headers)]);
    const ids = [await first.json(), await again.json()].map(
      (body) => (body as { result: { task: { id: string } } }).result.task.id,
    );
    expect(ids[0]).toBe(ids[1]);
  });
});

describe("HTTP+JSON", () => {
  it.each([
    ["no JSON", "POST", "/message:send", "{", 400, "INVALID_PARAMS"],
    ["no message", "POST", "/message:send", {}, 400, "INVALID_PARAMS"],
    ["a list", "POST", "/message:stream", [], 400, "INVALID_PARAMS"],
    ["an unknown task", "GET", "/tasks/x", undefined, 404, "TASK_NOT_FOUND"],
    ["an unknown task to cancel", "POST", "/tasks/x:cancel", undefined, 404, "TASK_NOT_FOUND"],
    ["an unknown task to subscribe to", "GET", "/tasks/x:subscribe", undefined, 404, "TASK_NOT_FOUND"],
    ["an escaped colon", "POST", "/tasks/x%3Acancel", undefined, 404, "TASK_NOT_FOUND"],
    ["a bad count", "GET", "/tasks/x?historyLength=all", undefined, 400, "INVALID_PARAMS"],
    ["a bad page", "GET", "/tasks?pageSize=0", undefined, 400, "INVALID_PARAMS"],
    ["a bad state", "GET", "/tasks?status=TASK_STATE_LAZY", undefined, 400, "INVALID_PARAMS"],
    ["an unknown agent", "GET", "/nobody/tasks", undefined, 400, "INVALID_PARAMS"],
  ])("refuses %s", async (_, method, path, body, status, reason) => {
    const url = `${await serve(scriptedApp([]))}/a2a${path}`;
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const answer = await fetch(url, { method, headers: V1, ...sent });
    expect(answer.headers.get("content-type")).toMatch("application/a2a+json");
    expect([answer.status, await answer.json()]).toMatchObject([
      status,
      { error: { code: status, details: [{ reason, domain: "a2a-protocol.org" }] } },
    ]);
  });

  it("takes and gives A2A's own type of content", async () => {
    const url = `${await serve(a2aApp().query(text(), () => "Hello!"))}/a2a/message:send`;
    const answer = await post(
      url,
      { message },
      { ...V1, "content-type": "application/a2a+json; charset=utf-8" },
    );
    expect(answer.headers.get("content-type")).toMatch("application/a2a+json");
    expect(await answer.json()).toMatchObject({
      task: { status: { state: "TASK_STATE_COMPLETED" }, artifacts: [{ parts: [{ text: "Hello!" }] }] },
    });
    const other = await post(url, "Hi", { ...V1, "content-type": "text/plain" });
    expect([other.status, await other.json()]).toMatchObject([
      400,
      { error: { details: [{ reason: "CONTENT_TYPE_NOT_SUPPORTED" }] } },
    ]);
    const former = await post(url, { message }, { "content-type": "application/json" });
    expect([former.status, await former.json()]).toMatchObject([
      400,
      { error: { details: [{ reason: "VERSION_NOT_SUPPORTED" }] } },
    ]);
  });

  it("says when there is no room, and who is not known", async () => {
    const full = await post(
      `${await serve(scriptedApp([], { streams: { maxOpenStreams: 0 } }))}/a2a/message:send`,
      { message },
    );
    expect([full.status, full.headers.get("retry-after")]).toEqual([503, "1"]);
    const unknown = await fetch(
      `${await serve(scriptedApp([], { authenticate: () => undefined }))}/a2a/tasks`,
      {
        headers: V1,
      },
    );
    expect([unknown.status, await unknown.json()]).toMatchObject([
      401,
      { error: { status: "UNAUTHENTICATED", details: [{ reason: "AUTH_FAILED" }] } },
    ]);
  });
});

it("lets a run go on whose client has gone", async () => {
  const held = Promise.withResolvers<void>();
  const readers: (AbortSignal | undefined)[] = [];
  const runStore = new (class extends InMemoryRunStore {
    override read(runId: string, options: ReadRunOptions = {}) {
      readers.push(options.signal);
      return super.read(runId, options);
    }
  })();
  const url = await serve(
    a2aApp({ runStore }).query(text(), async function* () {
      yield "Hello";
      await held.promise;
      yield ", world";
    }),
  );
  const gone = new AbortController();
  const stream = await fetch(`${url}/a2a/message:stream`, {
    method: "POST",
    headers: V1,
    body: JSON.stringify({ message: { ...message, contextId: "c1" } }),
    signal: gone.signal,
  });
  const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  const { task } = JSON.parse(
    new TextDecoder()
      .decode(value)
      .replace(/^data: /, "")
      .split("\n")[0] ?? "",
  );
  gone.abort();
  // Nothing is kept for somebody who is not there.
  await expect.poll(() => readers.at(-1)?.aborted).toBe(true);
  held.resolve();
  const followed = await fetch(`${url}/runs/${task.id}/events`);
  expect(await followed.text()).toMatch('"status":"completed"');
  const shown = await fetch(`${url}/a2a/tasks/${task.id}`, { headers: V1 });
  expect(await shown.json()).toMatchObject({ artifacts: [{ parts: [{ text: "Hello, world" }] }] });
});

it.each([
  ["the header", "", { "a2a-version": "1.0" }, 200],
  ["a query parameter", "?A2A-Version=1.0", {}, 200],
  ["a query parameter beside an empty header", "?A2A-Version=1.0", { "a2a-version": "" }, 200],
  ["a patch", "", { "a2a-version": "1.0.3" }, 200],
  ["another version in a query parameter", "?A2A-Version=9.9", {}, 400],
  ["what is no version", "", { "a2a-version": "1.0.x" }, 400],
])("heeds the version that %s says", async (_, query, headers, status) => {
  const url = `${await serve(scriptedApp([]))}/a2a`;
  const answer = await post(`${url}/message:send${query}`, { message }, {
    "content-type": "application/json",
    ...headers,
  } as Record<string, string>);
  expect(answer.status).toBe(status);
  const rpc = { jsonrpc: "2.0", id: 1, method: "SendMessage", params: { message } };
  const called = await post(url + query, rpc, {
    "content-type": "application/json",
    ...headers,
  } as Record<string, string>);
  expect("result" in ((await called.json()) as object)).toBe(status === 200);
});

it("says at the head of a stream which extensions are in use", async () => {
  const uri = "https://example.com/extension";
  const url = `${await serve(scriptedApp([], {}, { card: { extensions: [{ uri }] } }))}/a2a`;
  const headers = { ...V1, "a2a-extensions": uri };
  const rpc = { jsonrpc: "2.0", id: 1, method: "SendStreamingMessage", params: { message } };
  for (const [path, body] of [
    ["/message:stream", { message }],
    ["", rpc],
  ] as const) {
    const answer = await post(url + path, body, headers);
    expect(answer.headers.get("content-type")).toMatch("text/event-stream");
    expect(answer.headers.get("a2a-extensions")).toBe(uri);
    await answer.text();
  }
});
