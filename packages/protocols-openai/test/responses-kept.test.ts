import { type AgentPart, InMemoryRunStore, text } from "@agentscope-runtime/core";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { clientOf, openaiApp, scriptedApp, serve } from "./support/serve.ts";

const script: AgentPart[] = [
  { kind: "reasoning-delta", messageId: "M1", text: "Hm." },
  { kind: "text-delta", messageId: "M1", text: "Let me " },
  { kind: "text-delta", messageId: "M1", text: "see." },
  { kind: "tool-call", callId: "call_1", name: "weather", messageId: "M1", arguments: "{}" },
  { kind: "tool-result", callId: "call_1", output: "Sunny" },
];

/** Says "a", and "b" once it may. */
function gatedApp(options = {}) {
  const gate = Promise.withResolvers<void>();
  const app = openaiApp(options).query(text(), async function* ({ signal }) {
    yield "a";
    await Promise.race([gate.promise, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    if (!signal.aborted) yield "b";
  });
  return { app, open: gate.resolve };
}

const refusedWith = (status: number) => expect.objectContaining({ status });

describe("a response that is retrieved", () => {
  it("is the one that was answered", async () => {
    const client = await clientOf(scriptedApp(script));
    const answered = await client.responses.create({ input: "Hi", metadata: { a: "b" } });
    expect(await client.responses.retrieve(answered.id)).toEqual(answered);
  });

  it("shows what there is of it so far", async () => {
    const { app, open } = gatedApp();
    const client = await clientOf(app);
    const stream = await client.responses.create({ input: "Hi", stream: true });
    let id = "";
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type !== "response.output_text.delta" || event.delta !== "a") continue;
      expect(await client.responses.retrieve(id)).toMatchObject({
        status: "in_progress",
        output: [{ type: "message", status: "in_progress" }],
      });
      open();
    }
    expect(await client.responses.retrieve(id)).toMatchObject({ status: "completed", output_text: "ab" });
  });

  it("streams the same events again after each of them", async () => {
    const client = await clientOf(scriptedApp(script));
    const events = await Array.fromAsync(await client.responses.create({ input: "Hi", stream: true }));
    const [created] = events;
    const id = created?.type === "response.created" ? created.response.id : "";
    const again = await client.responses.retrieve(id, { stream: true });
    expect(await Array.fromAsync(again)).toEqual(events);
    for (const [at] of events.entries()) {
      const rest = await client.responses.retrieve(id, { stream: true, starting_after: at });
      expect(await Array.fromAsync(rest)).toEqual(events.slice(at + 1));
    }
    const beyond = await client.responses.retrieve(id, { stream: true, starting_after: 1000 });
    expect(await Array.fromAsync(beyond)).toEqual([]);
  });

  it("lets the SDK's helper go on where it was", async () => {
    const client = await clientOf(scriptedApp(script));
    const { id } = await client.responses.create({ input: "Hi" });
    const stream = client.responses.stream({ response_id: id, starting_after: 3 });
    const numbers: number[] = [];
    stream.on("event", (event) => numbers.push((event as { sequence_number: number }).sequence_number));
    expect(await stream.finalResponse()).toMatchObject({ id, output_text: "Let me see." });
    expect(numbers[0]).toBe(4);
  });

  it("is not there where it was not to be stored", async () => {
    const client = await clientOf(scriptedApp(script));
    const { id } = await client.responses.create({ input: "Hi", store: false });
    await expect(client.responses.retrieve(id)).rejects.toEqual(refusedWith(404));
    await expect(client.responses.inputItems.list(id)).rejects.toEqual(refusedWith(404));
  });

  it("is there for none but the user who asked for it", async () => {
    const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => ({
      userId: String(headers.authorization),
    });
    const baseURL = `${await serve(scriptedApp(script, { authenticate }))}/v1`;
    const [alice, bob] = ["alice", "bob"].map((apiKey) => new OpenAI({ apiKey, baseURL, maxRetries: 0 }));
    const { id } = (await alice?.responses.create({ input: "Hi", background: true })) ?? { id: "" };
    const asked = [
      () => bob?.responses.retrieve(id),
      () => bob?.responses.retrieve(id, { stream: true }),
      () => bob?.responses.cancel(id),
      () => bob?.responses.delete(id),
      () => bob?.responses.inputItems.list(id),
    ];
    for (const ask of asked) await expect(ask()).rejects.toEqual(refusedWith(404));
    expect(await alice?.responses.retrieve(id)).toMatchObject({ id });
  });
});

describe("a response in the background", () => {
  it("is answered at once, and found when it is done", async () => {
    const { app, open } = gatedApp();
    const client = await clientOf(app);
    const answered = await client.responses.create({ input: "Hi", background: true });
    expect(["queued", "in_progress"]).toContain(answered.status);
    expect(answered).toMatchObject({ background: true, usage: null });
    open();
    const stream = await client.responses.retrieve(answered.id, { stream: true });
    const last = (await Array.fromAsync(stream)).at(-1);
    expect(last?.type).toBe("response.completed");
    const found = await client.responses.retrieve(answered.id);
    expect(found).toMatchObject({ status: "completed", background: true, output_text: "ab" });
  });

  it("can be streamed, and taken up again by another server over the same store", async () => {
    const runStore = new InMemoryRunStore();
    const { app, open } = gatedApp({ runStore });
    const client = await clientOf(app);
    const other = await clientOf(openaiApp({ runStore }).query(text(), () => "never"));
    const stream = await client.responses.create({ input: "Hi", background: true, stream: true });
    let id = "";
    let known = -1;
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id;
      known = (event as { sequence_number: number }).sequence_number;
      if (event.type === "response.output_text.delta") break;
    }
    const rest = await other.responses.retrieve(id, { stream: true, starting_after: known });
    open();
    const events = (await Array.fromAsync(rest)) as (OpenAI.Responses.ResponseStreamEvent & {
      sequence_number: number;
    })[];
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(
      events.map((_, index) => known + 1 + index),
    );
    expect(events.at(-1)).toMatchObject({ type: "response.completed", response: { id } });
  });

  it("is cancelled once, by any server", async () => {
    const runStore = new InMemoryRunStore();
    const client = await clientOf(gatedApp({ runStore }).app);
    const other = await clientOf(openaiApp({ runStore }).query(text(), () => "never"));
    const { id } = await client.responses.create({ input: "Hi", background: true });
    const cancelled = await other.responses.cancel(id);
    expect(cancelled).toMatchObject({ id, status: "cancelled" });
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: "cancelled" });
    expect(await client.responses.retrieve(id)).toMatchObject({ id, status: "cancelled" });
  });

  it("can be a run of another protocol, which is cancelled too", async () => {
    const client = await clientOf(gatedApp().app);
    const body = JSON.stringify({
      id: "run_1",
      input: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
    });
    const headers = { "content-type": "application/json" };
    const server = client.baseURL.slice(0, -"/v1".length);
    const { body: events } = await fetch(`${server}/process`, { method: "POST", headers, body });
    expect(await client.responses.cancel("run_1")).toMatchObject({ id: "run_1", status: "cancelled" });
    await events?.cancel();
  });

  it("has to be stored, and no other can be cancelled", async () => {
    const client = await clientOf(scriptedApp(script));
    const loose = client.responses.create({ input: "Hi", background: true, store: false });
    await expect(loose).rejects.toEqual(expect.objectContaining({ status: 400, param: "background" }));
    const { id } = await client.responses.create({ input: "Hi" });
    await expect(client.responses.cancel(id)).rejects.toEqual(refusedWith(400));
  });
});

describe("a response that is deleted", () => {
  it("is gone, by every protocol", async () => {
    const client = await clientOf(scriptedApp(script));
    const { id } = await client.responses.create({ input: "Hi" });
    await client.responses.delete(id);
    await expect(client.responses.retrieve(id)).rejects.toEqual(refusedWith(404));
    await expect(client.responses.delete(id)).rejects.toEqual(refusedWith(404));
    expect((await fetch(`${client.baseURL.slice(0, -"/v1".length)}/runs/${id}`)).status).toBe(404);
  });

  it("is not one that shares its conversation with others, or that the client has named", async () => {
    const client = await clientOf(scriptedApp([{ kind: "text-delta", messageId: "M1", text: "ok" }]));
    const first = await client.responses.create({ input: "Hi" });
    await client.responses.create({ input: "And?", previous_response_id: first.id });
    await expect(client.responses.delete(first.id)).rejects.toEqual(refusedWith(400));
    const named = await client.responses.create({ input: "Hi", conversation: "chain_1" });
    await expect(client.responses.delete(named.id)).rejects.toEqual(refusedWith(400));
    expect(await client.responses.retrieve(named.id)).toMatchObject({ id: named.id });
  });
});

it("what stands for the deletion of a session is no response", async () => {
  const runStore = new InMemoryRunStore();
  const stop = Promise.withResolvers<void>();
  const app = openaiApp({ runStore, runs: { cancelGrace: 5000 } }).query(text(), async function* () {
    yield "a";
    await stop.promise;
  });
  const client = await clientOf(app);
  const { id } = await client.responses.create({ input: "Hi", background: true });
  const deletion = client.responses.delete(id);
  let place: string | undefined;
  await expect
    .poll(async () => {
      const { items } = await runStore.list({ agent: "Friday" });
      place = items.find((run) => run.id !== id)?.id;
      return place;
    })
    .toBeTruthy();
  const asked = [
    () => client.responses.retrieve(place ?? ""),
    () => client.responses.cancel(place ?? ""),
    () => client.responses.delete(place ?? ""),
    () => client.responses.inputItems.list(place ?? ""),
  ];
  for (const ask of asked) await expect(ask()).rejects.toEqual(refusedWith(404));
  const next = client.responses.create({ input: "And?", previous_response_id: place ?? "" });
  await expect(next).rejects.toMatchObject({ status: 400, code: "previous_response_not_found" });
  stop.resolve();
  await deletion;
});

describe("the input of a response", () => {
  const input: OpenAI.Responses.ResponseInputItem[] = [
    { role: "developer", content: "Be brief." },
    { type: "message", role: "user", content: [{ type: "input_text", text: "One" }] },
    { type: "function_call", call_id: "c1", name: "pay", arguments: "{}" },
    { type: "function_call_output", call_id: "c1", output: "paid" },
  ];

  it("is listed in pages, the newest first", async () => {
    const client = await clientOf(scriptedApp(script));
    const { id } = await client.responses.create({ input });
    const found = await Array.fromAsync(client.responses.inputItems.list(id, { limit: 3 }));
    expect(found.map(({ type }) => type)).toEqual([
      "function_call_output",
      "function_call",
      "message",
      "message",
    ]);
    const page = await client.responses.inputItems.list(id, { limit: 2, order: "asc" });
    expect(page.has_more).toBe(true);
    expect(page.data.map(({ id }) => id)).toEqual([found[3]?.id, found[2]?.id]);
    expect(page.data[1]).toMatchObject({ role: "user", content: [{ type: "input_text", text: "One" }] });
  });

  it("shows an agent's own call with its output", async () => {
    const client = await clientOf(scriptedApp(script));
    const { output } = await client.responses.create({ input: "Hi" });
    const echoed = output as OpenAI.Responses.ResponseInputItem[];
    const { id } = await client.responses.create({ input: [...echoed, { role: "user", content: "And?" }] });
    const { data } = await client.responses.inputItems.list(id, { order: "asc" });
    expect(data).toMatchObject([
      { type: "reasoning" },
      { type: "message", role: "assistant" },
      { type: "mcp_call", name: "weather", output: "Sunny", server_label: "agent" },
      { type: "message", role: "user" },
    ]);
  });
});

it.each([
  ["GET", "/responses/response_x", 404],
  ["GET", `/responses/${"x".repeat(1500)}`, 404],
  ["GET", "/responses/__proto__", 404],
  ["DELETE", "/responses/%00", 404],
  ["POST", "/responses/%F0%9F%98%80/cancel", 404],
  ["GET", "/responses/x?stream=maybe", 400],
  ["GET", "/responses/x?stream=true&starting_after=-1", 400],
  ["GET", "/responses/x?stream=true&starting_after=1e999", 400],
  ["GET", "/responses/x/input_items?limit=0", 400],
  ["GET", "/responses/x/input_items?limit=101", 400],
  ["GET", "/responses/x/input_items?order=up", 400],
])("%s %s is refused in OpenAI's shape", async (method, path, status) => {
  const answer = await fetch(`${await serve(scriptedApp(script))}/v1${path}`, { method });
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  expect(answer.headers.get("x-request-id")).toBeTruthy();
});

it("an item to list after has to be there", async () => {
  const client = await clientOf(scriptedApp(script));
  const { id } = await client.responses.create({ input: "Hi" });
  const listed = client.responses.inputItems.list(id, { after: "nowhere" });
  await expect(listed).rejects.toEqual(expect.objectContaining({ status: 400, param: "after" }));
});
