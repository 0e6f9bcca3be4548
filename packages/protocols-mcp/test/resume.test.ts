import { InMemoryRunStore, text } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { call, type Frame, framesOf, introduce, post, progressOf, resume } from "./support/messages.ts";
import { connect, mcpApp, scriptedApp, serve } from "./support/serve.ts";

const words = ["One ", "two ", "three ", "four."];
const script = words.map((word) => ({ kind: "text-delta", messageId: "M", text: word }) as const);

function counting(options = {}) {
  return mcpApp(options).query(text(), async function* () {
    for (const word of words) {
      yield word;
      // So that each word is an event of its own.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
}

it("gives a stream that was cut at any event the rest of it, and nothing twice", async () => {
  const url = await serve(counting());
  const headers = await introduce(url);
  const whole = await Array.fromAsync(framesOf(await post(url, call(1, undefined, "t"), headers)));
  expect(whole[0]).toEqual({ id: expect.any(String), data: "" });
  expect(whole.length).toBeGreaterThan(words.length);
  for (const [index, { id }] of whole.entries()) {
    const rest = await Array.fromAsync(framesOf(await resume(url, id, headers)));
    expect(textOf(rest)).toBe(textOf(whole.slice(index + 1)));
    expect(rest.at(-1)).toEqual(index + 1 < whole.length ? whole.at(-1) : undefined);
    const numbers = new Set(whole.map(progressOf));
    for (const frame of rest) expect(numbers).toContain(progressOf(frame));
  }
});

it("goes on with a running call on another server that shares the store", async () => {
  const runStore = new InMemoryRunStore();
  const gate = Promise.withResolvers<void>();
  const app = mcpApp({ runStore }).query(text(), async function* () {
    yield "first ";
    await gate.promise;
    yield "second";
  });
  const [one, other] = [await serve(app), await serve(app)];
  const headers = await introduce(one);
  const abort = new AbortController();
  let seen: Frame | undefined;
  for await (const frame of framesOf(await post(one, call("x", undefined, 7), headers, abort.signal))) {
    if (progressOf(frame) === undefined) continue;
    seen = frame;
    break;
  }
  abort.abort();
  const answer = await resume(other, seen?.id ?? "", headers);
  gate.resolve();
  const rest = await Array.fromAsync(framesOf(answer));
  expect(textOf(rest)).toBe("second");
  expect(JSON.parse(rest.at(-1)?.data ?? "")).toMatchObject({
    id: "x",
    result: { content: [{ text: "first second" }] },
  });
});

it("lets the official client come to the result over a connection that breaks again and again", async () => {
  let broken = 0;
  const breaking: typeof fetch = async (...args) => {
    const { status, headers, body } = await fetch(...args);
    const isStream = headers.get("content-type")?.includes("event-stream") === true;
    if (body === null || !isStream) return new Response(body, { status, headers });
    let frames = 0;
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, out) => {
        out.enqueue(chunk);
        if (++frames === 2 && ++broken) out.error(new Error("The connection is gone."));
      },
    });
    return new Response(body.pipeThrough(cut), { status, headers });
  };
  const client = await connect(await serve(counting()), "2025-11-25", { fetch: breaking });
  const messages: string[] = [];
  const result = await client.callTool(
    { name: "Friday", arguments: { message: "Hi" } },
    { onprogress: ({ message = "" }) => messages.push(message) },
  );
  expect(broken).toBeGreaterThan(1);
  expect(messages.join("")).toBe(words.join(""));
  expect(result).toMatchObject({ content: [{ text: words.join("") }] });
});

it("cancels a call by way of another server", async () => {
  const runStore = new InMemoryRunStore();
  const started = Promise.withResolvers<void>();
  const app = mcpApp({ runStore }).query(text(), async function* ({ signal }) {
    yield "started";
    started.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const [one, other] = [await serve(app), await serve(app)];
  const headers = await introduce(one);
  const frames = Array.fromAsync(framesOf(await post(one, call(3), headers)));
  await started.promise;
  const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 3 } };
  // Other clients have requests of that number as well.
  await post(other, cancel, await introduce(other));
  expect((await post(other, cancel, headers)).status).toBe(202);
  const last = JSON.parse((await frames).at(-1)?.data ?? "");
  expect(last).toMatchObject({ id: 3, result: { structuredContent: { status: "canceled" } } });
});

it("goes on with the run when a client of 2025-11-25 leaves", async () => {
  const left = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<boolean>();
  const app = mcpApp().query(text(), async function* ({ signal }) {
    yield "a";
    await left.promise;
    yield "b";
    finished.resolve(signal.aborted);
  });
  const url = await serve(app);
  const abort = new AbortController();
  for await (const { data } of framesOf(
    await post(url, call(1, undefined, 1), await introduce(url), abort.signal),
  )) {
    if (data.includes('"a"')) break;
  }
  abort.abort();
  left.resolve();
  await expect(finished.promise).resolves.toBe(false);
});

it("sends no empty event to clients of revisions that can't read one", async () => {
  const url = await serve(scriptedApp(script));
  const headers = { ...(await introduce(url)), "mcp-protocol-version": "2025-06-18" };
  const frames = await Array.fromAsync(framesOf(await post(url, call(1), headers)));
  expect(frames).toHaveLength(1);
  expect(frames[0]?.id).not.toBe("");
});

it("takes a client's number that it has used before for another call", async () => {
  const url = await serve(scriptedApp(script));
  const headers = await introduce(url);
  const ids = [];
  for (const _ of [1, 2]) {
    const frames = await Array.fromAsync(framesOf(await post(url, call(1), headers)));
    ids.push(JSON.parse(frames.at(-1)?.data ?? "").result.structuredContent.run_id);
  }
  expect(new Set(ids).size).toBe(2);
});

it("refuses events that it has not sent", async () => {
  const url = await serve(scriptedApp(script));
  const headers = await introduce(url);
  const made = (position: unknown) => Buffer.from(JSON.stringify(position)).toString("base64url");
  for (const id of [
    "5",
    "x",
    made([]),
    made(["Friday", "r", -2, 0, 1, null]),
    made(["Friday", "r", 0, 0, {}, null]),
  ]) {
    const answer = await resume(url, id, headers);
    expect([id, answer.status]).toEqual([id, 400]);
    expect(await answer.json()).toMatchObject({ jsonrpc: "2.0", error: { code: -32600 }, id: null });
  }
  expect((await resume(url, made(["Friday", "nowhere", 0, 0, 1, null]), headers)).status).toBe(404);
  expect((await resume(url, made(["nobody", "r", 0, 0, 1, null]), headers)).status).toBe(404);
  const far = (await Array.fromAsync(framesOf(await post(url, call(1), headers)))).at(-1)?.id ?? "";
  const [agent, run] = JSON.parse(Buffer.from(far, "base64url").toString());
  const beyond = await resume(url, made([agent, run, 1_000_000, 0, 1, null]), headers);
  expect(await Array.fromAsync(framesOf(beyond))).toEqual([]);
});

function textOf(frames: readonly Frame[]): string {
  return frames.map(({ data }) => (data === "" ? "" : (JSON.parse(data).params?.message ?? ""))).join("");
}
