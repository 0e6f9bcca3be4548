import { text } from "@agentscope-runtime/core";
import OpenAI from "openai";
import type { ResponsesClientEvent, ResponsesServerEvent } from "openai/resources/responses/responses";
import { ResponsesWS } from "openai/resources/responses/ws";
import { expect, it, onTestFinished } from "vitest";
import { historicalApp } from "./support/historical.ts";
import { openaiApp, serve } from "./support/serve.ts";

type Create = Omit<ResponsesClientEvent.ResponseCreate, "type">;

/** An agent that says how often the session has spoken, and does as it is told. */
function counter() {
  const spoken = new Map<string, number>();
  return openaiApp().query(text(), async function* ({ msgs, session }) {
    const said = msgs.flatMap(({ content }) => content ?? []).map((slot) => "text" in slot && slot.text);
    if (said.includes("fail")) throw new Error("told to");
    const count = (spoken.get(session.sessionId) ?? 0) + 1;
    spoken.set(session.sessionId, count);
    yield `turn ${count}`;
  });
}

/** OpenAI's own client of a socket. */
function connect(url: string) {
  const socket = new ResponsesWS(new OpenAI({ apiKey: "none", baseURL: `${url}/v1` }));
  onTestFinished(() => socket.close());
  socket.on("error", () => undefined);
  const events: ResponsesServerEvent[] = [];
  let arrived = Promise.withResolvers<void>();
  socket.on("event", (event) => {
    events.push(event);
    arrived.resolve();
    arrived = Promise.withResolvers();
  });
  /** The events up to the end of the next response, or up to an error. */
  const turn = async () => {
    for (;;) {
      const at = events.findIndex(({ type }) => ENDS.has(type));
      if (at !== -1) return events.splice(0, at + 1);
      await arrived.promise;
    }
  };
  const create = (params: Create) => {
    socket.send({ type: "response.create", model: "any_name", ...params });
    return turn();
  };
  return { socket, create, turn };
}

const ENDS: ReadonlySet<string> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
  "response.steer.failed",
  "error",
]);

function textOf(events: readonly ResponsesServerEvent[]): string {
  return events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");
}

function idOf(events: readonly ResponsesServerEvent[]): string {
  const [first] = events;
  if (first?.type !== "response.created") throw new Error(`${JSON.stringify(first)} creates nothing`);
  return first.response.id;
}

it("a response over a socket has the events of a stream", async () => {
  const url = await serve(counter());
  const { create } = connect(url);
  const events = await create({ input: "Hi" });
  const client = new OpenAI({ apiKey: "none", baseURL: `${url}/v1` });
  const stream = await client.responses.create({ model: "any_name", input: "Hi", stream: true });
  const streamed = await Array.fromAsync(stream);
  expect(events.map(({ type }) => type)).toEqual(streamed.map(({ type }) => type));
  expect(events.map((event) => "sequence_number" in event && event.sequence_number)).toEqual([
    ...events.keys(),
  ]);
  expect(events.at(-1)).toMatchObject({ response: { id: idOf(events), status: "completed" } });
  const again = await client.responses.retrieve(idOf(events));
  expect(again.output_text).toBe("turn 1");
});

it("turns go on with each other, over sockets and requests alike", async () => {
  const url = await serve(counter());
  const { create } = connect(url);
  const first = idOf(await create({ input: "Hi" }));
  const second = await create({ input: "And?", previous_response_id: first });
  expect(textOf(second)).toBe("turn 2");
  const client = new OpenAI({ apiKey: "none", baseURL: `${url}/v1` });
  const params = { model: "x", input: "So?", previous_response_id: idOf(second) };
  const third = await client.responses.create(params);
  expect(third.output_text).toBe("turn 3");
  const other = connect(url);
  expect(textOf(await other.create({ input: "So?", previous_response_id: third.id }))).toBe("turn 4");
});

it("responses come one at a time, in the order in which they were asked for", async () => {
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const app = openaiApp().query(text(), async function* ({ request }) {
    expect(++running).toBe(1);
    if (request.max_tokens === 1) await gate.promise;
    yield String(request.max_tokens);
    running--;
  });
  const { socket, turn } = connect(await serve(app));
  for (const max_output_tokens of [1, 2, 3]) {
    socket.send({ type: "response.create", model: "x", input: "Hi", max_output_tokens });
  }
  gate.resolve();
  const turns = [await turn(), await turn(), await turn()];
  expect(turns.map(textOf)).toEqual(["1", "2", "3"]);
});

it("what is not to be stored can be gone on with over its socket only", async () => {
  const url = await serve(counter());
  const mine = connect(url);
  const first = idOf(await mine.create({ input: "Hi", store: false }));
  const params = { input: "And?", store: false, previous_response_id: first };
  const missing = [{ type: "error", status: 400, code: "previous_response_not_found" }];
  expect(await connect(url).create(params)).toMatchObject(missing);
  const second = await mine.create(params);
  expect(textOf(second)).toBe("turn 2");
  expect(textOf(await mine.create({ ...params, previous_response_id: idOf(second) }))).toBe("turn 3");
});

it.each<[string, Create]>([
  ["that has failed", { input: "fail" }],
  ["that was refused", { input: "Hi", tools: [{ type: "web_search" }] }],
  ["that can't be read", { input: 5 as never }],
])("a turn %s makes its socket forget what it went on with", async (_, wrong) => {
  const { create } = connect(await serve(counter()));
  const first = idOf(await create({ input: "Hi", store: false }));
  const failed = await create({ ...wrong, store: false, previous_response_id: first });
  expect(["response.failed", "error"]).toContain(failed.at(-1)?.type);
  const next = await create({ input: "And?", store: false, previous_response_id: first });
  expect(next).toMatchObject([{ type: "error", code: "previous_response_not_found" }]);
});

it("an unknown response can't be gone on with, and the socket goes on", async () => {
  const { create, socket } = connect(await serve(counter()));
  const errors: unknown[] = [];
  socket.on("error", (error) => errors.push(error.error));
  const [event] = await create({ input: "Hi", previous_response_id: "response_none" });
  expect(event).toEqual({
    type: "error",
    sequence_number: 0,
    status: 400,
    code: "previous_response_not_found",
    message: "Previous response with id 'response_none' not found.",
    param: "previous_response_id",
    error: {
      type: "invalid_request_error",
      code: "previous_response_not_found",
      message: "Previous response with id 'response_none' not found.",
      param: "previous_response_id",
    },
  });
  expect(errors).toEqual([event]);
  expect(textOf(await create({ input: "Hi" }))).toBe("turn 1");
});

it("steering is refused at once, while the response goes on", async () => {
  const gate = Promise.withResolvers<void>();
  const app = openaiApp().query(text(), async function* () {
    yield "a";
    await gate.promise;
    yield "b";
  });
  const { socket, turn } = connect(await serve(app));
  socket.send({ type: "response.create", model: "x", input: "Hi" });
  socket.send({ type: "response.steer", input: "Faster.", previous_response_id: "response_1" });
  const steered = await turn();
  expect(steered.at(-1)).toMatchObject({
    type: "response.steer.failed",
    error: { type: "invalid_request_error", code: "steering_not_supported" },
    steer: { input: "Faster.", previous_response_id: "response_1" },
  });
  gate.resolve();
  const rest = await turn();
  expect(textOf([...steered, ...rest])).toBe("ab");
});

it("all that answers a frame names its lane", async () => {
  const { create } = connect(await serve(counter()));
  const events = await create({ input: "Hi", stream_id: "lane" });
  const [error] = await create({ input: 5 as never, stream_id: "lane" });
  expect(error).toMatchObject({ type: "error", param: "input" });
  for (const event of [...events, error]) expect(event).toMatchObject({ stream_id: "lane" });
});

it.each<[string, Create]>([
  ["background", { background: true }],
  ["generate", { generate: false }],
])("%s is refused", async (param, params) => {
  const { create } = connect(await serve(counter()));
  const [event] = await create({ input: "Hi", ...params });
  expect(event).toMatchObject({ type: "error", param, code: "unsupported_parameter" });
  expect(textOf(await create({ input: "Hi" }))).toBe("turn 1");
});

it("a branch is made over a socket as well", async () => {
  const { create } = connect(await serve(historicalApp()));
  const first = idOf(await create({ input: "One" }));
  expect(textOf(await create({ input: "Two", previous_response_id: first }))).toBe("One|Two");
  expect(textOf(await create({ input: "Or", previous_response_id: first }))).toBe("One|Or");
});
