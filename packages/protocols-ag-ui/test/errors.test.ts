import {
  InMemoryRunStore,
  type LogEntry,
  type ReadRunOptions,
  RuntimeError,
  text,
} from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { clientOf, joining } from "./support/client.ts";
import { agUiApp, serve } from "./support/serve.ts";

const app = (options = {}) => agUiApp(options).query(text(), () => "ok");
const input = { threadId: "t", runId: "r", messages: [] };

const refusal = (code: string) => ({ error: expect.objectContaining({ code, message: expect.any(String) }) });

async function post(url: string, body: string, contentType = "application/json") {
  const headers = { "content-type": contentType };
  const answer = await fetch(url, { method: "POST", headers, body });
  return [answer.status, answer.ok ? await answer.text() : await answer.json()] as const;
}

const wrong: readonly [string, unknown][] = [
  ["is no object", []],
  ["has no thread", { ...input, threadId: undefined }],
  ["has a thread without a name", { ...input, threadId: "" }],
  ["has no run", { ...input, runId: undefined }],
  ["has a run with too long a name", { ...input, runId: "r".repeat(1025) }],
  ["has no messages", { ...input, messages: undefined }],
  ["has a message without content", { ...input, messages: [{ id: "1", role: "user" }] }],
  ["has a message without id", { ...input, messages: [{ role: "user", content: "Hi" }] }],
  [
    "has an id that is too long",
    { ...input, messages: [{ id: "1".repeat(1025), role: "user", content: "" }] },
  ],
  ["has a tool without a name", { ...input, tools: [{ description: "Asks" }] }],
  ["has an answer that says nothing", { ...input, resume: [{ interruptId: "1" }] }],
];

it.each(wrong)("a body that %s is a 400, and no stream", async (_, body) => {
  const [status, answer] = await post(`${await serve(app())}/ag-ui`, JSON.stringify(body));
  expect([status, answer]).toEqual([400, refusal("INVALID_PARAMETER")]);
});

it.each([[[]], [{}], [{ threadId: 5 }], [{ threadId: "" }]])(
  "nobody connects to the thread of %j",
  async (body) => {
    const [status, answer] = await post(`${await serve(app())}/ag-ui/connect`, JSON.stringify(body));
    expect([status, answer]).toEqual([400, refusal("INVALID_PARAMETER")]);
  },
);

it("a body that is no JSON, too large, or nests too deeply is refused", async () => {
  const url = `${await serve(app({ bodyLimit: 4096 }))}/ag-ui`;
  expect(await post(url, "{")).toEqual([400, refusal("INVALID_PARAMETER")]);
  expect(await post(url, "Hi", "text/plain")).toEqual([415, refusal("UNSUPPORTED_MEDIA_TYPE")]);
  const large = JSON.stringify({ ...input, state: "a".repeat(5000) });
  expect(await post(url, large)).toEqual([413, refusal("PAYLOAD_TOO_LARGE")]);
  const deep = `{"threadId":"t","runId":"r","messages":[],"state":${"[".repeat(500)}${"]".repeat(500)}}`;
  expect(await post(url, deep)).toEqual([400, refusal("INVALID_PARAMETER")]);
  expect((await post(url, '{"threadId":"t","__proto__":{"polluted":true}}'))[0]).toBe(400);
  expect((await post(`${url}?user_id=a&user_id=b`, JSON.stringify(input)))[0]).toBe(400);
});

it("what a newer client may send is passed over, nulls of older ones too", async () => {
  const heard: unknown[] = [];
  const listening = agUiApp().query(text(), ({ msgs }) => {
    heard.push(msgs.map(({ content }) => content?.map((slot) => slot.type === "text" && slot.text)));
    return "ok";
  });
  const messages = [
    { id: "1", role: "hologram", content: { anything: 1 } },
    { id: "2", role: "user", name: null, content: [{ type: "smell" }, { type: "text", text: "Hi" }] },
  ];
  const body = { ...input, messages, future: true, parentRunId: null, state: null, resume: null };
  const [status, stream] = await post(`${await serve(listening)}/ag-ui`, JSON.stringify(body));
  expect([status, stream]).toEqual([200, expect.stringContaining("RUN_FINISHED")]);
  expect(heard).toEqual([[["Hi"]]]);
});

it("input that the adapter can't convert is a 422", async () => {
  const picky = agUiApp().query(
    {
      ...text(),
      toInput: () => {
        throw new Error("no");
      },
    },
    () => "ok",
  );
  const refused = clientOf(await serve(picky)).say("Hi");
  await expect(refused).rejects.toMatchObject({ status: 422 });
});

describe("where there is no room", () => {
  it("for a run, it is refused, with a hint when to try again", async () => {
    const gate = Promise.withResolvers<void>();
    const busy = agUiApp({ runs: { maxQueuedRuns: 0 } }).query(text(), async () => {
      await gate.promise;
      return "ok";
    });
    const client = clientOf(await serve(busy));
    const first = client.say("Hi");
    await client.seen("RUN_STARTED");
    const body = JSON.stringify({ ...input, threadId: client.threadId });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(client.url, { method: "POST", headers, body });
    expect([answer.status, Number(answer.headers.get("retry-after"))]).toEqual([429, expect.any(Number)]);
    gate.resolve();
    await first;
  });

  it("for a stream, no run is started", async () => {
    let asked = 0;
    const full = agUiApp({ streams: { maxOpenStreams: 0 } }).query(text(), () => `answer ${++asked}`);
    const refused = clientOf(await serve(full)).say("Hi");
    await expect(refused).rejects.toMatchObject({ status: 503 });
    expect(asked).toBe(0);
  });
});

describe("a stream that can't be told to its end ends with an error:", () => {
  it("the log can't be read", async () => {
    class BrokenRunStore extends InMemoryRunStore {
      override async *read(runId: string, options: ReadRunOptions = {}): AsyncGenerator<readonly LogEntry[]> {
        for await (const [entry] of super.read(runId, options)) {
          if (entry !== undefined) yield [entry];
          throw new RuntimeError("DATABASE_ERROR", "The log can't be read.");
        }
      }
    }
    const client = clientOf(await serve(app({ runStore: new BrokenRunStore() })));
    expect(await client.say("Hi")).toEqual(["RUN_STARTED", "RUN_ERROR"]);
    expect(client.end).toMatchObject({ code: "DATABASE_ERROR", message: "The log can't be read." });
  });

  it("the server closes before the run's end is told", async () => {
    class SlowRunStore extends InMemoryRunStore {
      override async *read(runId: string, options: ReadRunOptions = {}): AsyncGenerator<readonly LogEntry[]> {
        for await (const batch of super.read(runId, options)) {
          const last = batch.at(-1)?.event;
          if (last?.object === "response" && last.completed_at !== null) {
            await new Promise((resolve) => options.signal?.addEventListener("abort", resolve));
            return;
          }
          yield batch;
        }
      }
    }
    const running = await app({ runStore: new SlowRunStore() }).run({ port: 0 });
    const client = clientOf(running.url);
    const asked = client.say("Hi");
    await client.seen("TEXT_MESSAGE_CONTENT").catch(() => undefined);
    await running.close();
    await asked;
    expect(client.end).toMatchObject({ type: "RUN_ERROR", code: "SERVICE_UNAVAILABLE" });
  });
});

it("a binary stream has frames only, however long nothing happens", async () => {
  const gate = Promise.withResolvers<string>();
  const quiet = agUiApp({ streams: { heartbeat: 5 } }).query(text(), () => gate.promise);
  const client = clientOf(await serve(quiet));
  client.binary = true;
  const asked = client.say("Hi");
  await client.seen("RUN_STARTED");
  setTimeout(() => gate.resolve("ok"), 50);
  await asked;
  expect(client.talk.at(-1)).toEqual(["assistant", "ok"]);
});

it.each([false, true])(
  "whoever follows a run when the server closes sees its end (binary: %s)",
  async (binary) => {
    const never = Promise.withResolvers<string>();
    const running = await agUiApp({ agUi: { onDisconnect: "continue" } })
      .query(text(), () => never.promise)
      .run({ port: 0 });
    const client = clientOf(running.url);
    client.binary = binary;
    const late = joining(client);
    const asked = client.say("Hi");
    await client.seen("RUN_STARTED");
    const joined = late.ask();
    await late.seen("RUN_STARTED");
    await running.close();
    await Promise.all([asked, joined]);
    expect([client.end.outcome, late.end.outcome]).toEqual([{ type: "cancelled" }, { type: "cancelled" }]);
    never.resolve("");
  },
);
