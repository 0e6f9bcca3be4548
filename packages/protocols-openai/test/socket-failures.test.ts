import { once } from "node:events";
import { connect } from "node:net";
import { type AgentAppOptions, text } from "@agentscope-runtime/core";
import websocket from "@fastify/websocket";
import { fastify } from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { openaiApp, serve } from "./support/serve.ts";
import { openSocket, refusal } from "./support/socket.ts";

const app = (options: Partial<AgentAppOptions> = {}) => openaiApp(options).query(text(), () => "Hi");
const create = { type: "response.create", model: "x", input: "Hi" };

/** An app whose handler has said "a" and waits, and what it waits for. */
function waiting(options: Partial<AgentAppOptions> = {}) {
  const gate = Promise.withResolvers<void>();
  const waits = openaiApp(options).query(text(), async function* () {
    yield "a";
    await gate.promise;
    yield "b";
  });
  return { app: waits, go: () => gate.resolve() };
}

it.each<[string, object | string, object]>([
  ["no JSON", "{", { status: 400, code: "invalid_value" }],
  ["a binary frame", Buffer.from(JSON.stringify(create)), { status: 400, code: "invalid_value" }],
  ["no object", "[]", { status: 400, param: null }],
  ["null", "null", { status: 400, param: null }],
  ["no type", {}, { status: 400, param: "type", code: "missing_required_parameter" }],
  ["an unknown type", { type: "response.cancel" }, { status: 400, param: "type", code: "invalid_value" }],
  ["a wrong lane", { ...create, stream_id: 5 }, { status: 400, param: "stream_id" }],
  ["a poisoned key", '{"type":"response.create","__proto__":{"input":"x"}}', { status: 400 }],
  [
    "too deep a nest",
    `{"type":"response.create","input":${"[".repeat(200)}${"]".repeat(200)}}`,
    { status: 400 },
  ],
  ["steering of nothing", { type: "response.steer", input: "x" }, { param: "previous_response_id" }],
])("%s gets an error, and the socket goes on", async (_, frame, error) => {
  const socket = await openSocket(await serve(app()));
  expect(await socket.send(frame).next("error")).toMatchObject(error);
  await socket.send(create).next("response.completed");
});

it("a frame that is too big closes the socket, and the server goes on", async () => {
  const url = await serve(app({ bodyLimit: 1000 }));
  const socket = await openSocket(url);
  const closed = socket.closed();
  socket.send({ ...create, input: "x".repeat(2000) });
  expect(await closed).toBe(1009);
  await (await openSocket(url)).send(create).next("response.completed");
});

it("a thousand frames at once are answered one by one", async () => {
  const socket = await openSocket(await serve(app()));
  for (let frame = 0; frame < 1000; frame++) {
    socket.send(frame % 100 === 0 ? { ...create, stream_id: String(frame) } : "{");
  }
  for (let frame = 0; frame < 1000; frame += 100) {
    expect(await socket.next("response.completed")).toMatchObject({ stream_id: String(frame) });
    for (let other = 1; other < 100; other++) await socket.next("error");
  }
});

it("pages of other hosts open no sockets", async () => {
  const url = await serve(app());
  for (const origin of ["https://evil.example", "http://localhost.evil.example", "null", "x"]) {
    expect(await refusal(url, { origin })).toBe(403);
  }
  for (const origin of ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:5173"]) {
    await (await openSocket(url, { origin })).send(create).next("response.completed");
  }
});

it("credentials are asked for, and say whose the responses are", async () => {
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
    typeof headers.authorization === "string" ? { userId: headers.authorization } : undefined;
  const url = await serve(app({ authenticate }));
  expect(await refusal(url)).toBe(401);
  const alice = await openSocket(url, { headers: { authorization: "alice" } });
  const { response } = await alice.send(create).next("response.completed");
  const { id: previous_response_id } = response as { readonly id: string };
  const bob = await openSocket(url, { headers: { authorization: "bob" } });
  expect(await bob.send({ ...create, previous_response_id }).next("error")).toMatchObject({
    code: "previous_response_not_found",
  });
  await alice.send({ ...create, previous_response_id }).next("response.completed");
});

it("a server that closes lets responses end, then says that it goes away", async () => {
  const { app: waits, go } = waiting({ drainGrace: 5000 });
  const running = await waits.run({ port: 0 });
  const idle = await openSocket(running.url);
  const busy = await openSocket(running.url);
  await busy.send(create).next("response.output_text.delta");
  const closed = Promise.all([idle.closed(), busy.closed()]);
  const end = running.close();
  go();
  await busy.next("response.completed");
  expect(await closed).toEqual([1001, 1001]);
  await end;
});

it("a server that closes waits for no peer that has stopped to listen", async () => {
  const running = await app().run({ port: 0 });
  const { socket } = await openSocket(running.url);
  socket.pause();
  await running.close();
  socket.resume();
  await once(socket, "close");
});

it("responses on sockets count as open streams", async () => {
  const { app: waits, go } = waiting({ streams: { maxOpenStreams: 1 } });
  const url = await serve(waits);
  const [busy, other] = [await openSocket(url), await openSocket(url)];
  await busy.send(create).next("response.created");
  expect(await other.send(create).next("error")).toMatchObject({ status: 503 });
  expect(await refusal(url)).toBe(503);
  go();
  await busy.next("response.completed");
  await other.send(create).next("response.completed");
});

/** A server with sockets of its own, an app on it, and both ends of a socket. */
async function ends(served: ReturnType<typeof app>) {
  const server = fastify();
  onTestFinished(() => server.close());
  await server.register(websocket);
  await server.register(served.plugin());
  const socket = await openSocket(await server.listen({ port: 0 }));
  const [peer] = server.websocketServer.clients;
  return { socket, peer: peer as NonNullable<typeof peer>, url: server.listeningOrigin };
}

it("a run goes on when its client leaves; what it had asked for next does not begin", async () => {
  const { app: waits, go } = waiting();
  const { socket, peer, url } = await ends(waits);
  socket.send(create).send(create);
  const { response } = await socket.next("response.created");
  const { id } = response as { readonly id: string };
  const left = once(peer, "close");
  socket.socket.terminate();
  await left;
  go();
  await (await fetch(`${url}/runs/${id}/events`)).text();
  const list = await (await fetch(`${url}/runs`)).json();
  expect(list).toMatchObject({ data: [{ id, status: "completed" }] });
});

/** An app that says 20 MiB in pieces. */
function talker(stallTimeout: number) {
  return openaiApp({ streams: { stallTimeout } }).query(text(), async function* () {
    for (let piece = 0; piece < 640; piece++) yield "x".repeat(32_768);
  });
}

it("a slow reader gets everything, and little of it waits in the server", async () => {
  const { socket, peer } = await ends(talker(60_000));
  let most = 0;
  let pieces = 0;
  socket.socket.on("message", (data: Buffer) => {
    if (data.length < 40_000 && pieces++ < 400) most = Math.max(most, peer.bufferedAmount);
    socket.socket.pause();
    setImmediate(() => socket.socket.resume());
  });
  const { text: whole } = await socket.send(create).next("response.output_text.done");
  expect((whole as string).length).toBe(640 * 32_768);
  expect(most).toBeLessThan(2 ** 18);
});

it("a peer that takes nothing is cut off, and what it left can be read elsewhere", async () => {
  const { socket, peer, url } = await ends(talker(100));
  socket.send(create);
  const { response } = await socket.next("response.created");
  socket.socket.pause();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, peer.bufferedAmount);
  }, 1);
  await once(peer, "close");
  clearInterval(timer);
  expect(most).toBeLessThan(2 ** 18);
  const { id } = response as { readonly id: string };
  const kept = await fetch(`${url}/v1/responses/${id}`);
  expect(await kept.json()).toMatchObject({ id, output: [{ type: "message" }] });
});

it("a peer that floods and takes no answer is no longer listened to", async () => {
  const { socket, peer } = await ends(app());
  socket.socket.pause();
  const steer = { type: "response.steer", input: "x".repeat(60_000), previous_response_id: "x" };
  const sent = once(peer, "close");
  let most = 0;
  for (let frame = 0; frame < 400; frame++) {
    socket.send(steer);
    most = Math.max(most, peer.bufferedAmount);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(peer.isPaused).toBe(true);
  expect(most).toBeLessThan(2 ** 20);
  socket.socket.terminate();
  peer.terminate();
  await sent;
});

it("a peer that is silent is let go", async () => {
  const socket = await openSocket(await serve(app({ streams: { heartbeat: 20, stallTimeout: 50 } })), {
    autoPong: false,
  });
  expect(await socket.closed()).toBe(1006);
});

it("a peer that answers pings is kept", async () => {
  const url = await serve(app({ streams: { heartbeat: 50, stallTimeout: 1000 } }));
  const { socket } = await openSocket(url);
  const began = performance.now();
  while (performance.now() - began < 1200 && socket.readyState === socket.OPEN)
    await Promise.race([once(socket, "ping"), once(socket, "close")]);
  expect(socket.readyState).toBe(socket.OPEN);
});

it("requests that would rather be of another protocol are answered as if nothing could be upgraded", async () => {
  const url = await serve(app());
  const { port, hostname, host } = new URL(url);
  const body = JSON.stringify({ input: "Hi" });
  const head = [
    "POST /v1/responses HTTP/1.1",
    `Host: ${host}`,
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "",
    "",
  ].join("\r\n");
  for (const pieces of [[head + body], [head, body], [head + body.slice(0, 3), body.slice(3)]]) {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    for (const piece of pieces) {
      await new Promise((resolve) => socket.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    // A connection that is kept takes another request.
    await once(socket, "data");
    socket.write(`GET /v1/models HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    await once(socket, "close");
    expect(answer.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    expect(answer).toContain('"status":"completed"');
  }
  const elsewhere = await refusalAt(`${url}/v1/models`);
  expect(elsewhere).toBe(200);
});

async function refusalAt(url: string): Promise<number> {
  const { port, hostname, host, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const [data] = await once(socket, "data");
  socket.destroy();
  return Number(String(data).split(" ")[1]);
}

it("a plain GET is told what the path is for", async () => {
  const answer = await fetch(`${await serve(app())}/v1/responses`);
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
});

it("apps that share a server have their sockets, below their prefixes", async () => {
  const server = fastify();
  onTestFinished(() => server.close());
  for (const name of ["one", "two"]) {
    const named = openaiApp({ name }).query(text(), () => name);
    await server.register(named.plugin(), { prefix: `/${name}` });
  }
  const url = await server.listen({ port: 0 });
  for (const name of ["one", "two"]) {
    const socket = await openSocket(`${url}/${name}`);
    const done = await socket.send(create).next("response.output_text.done");
    expect(done).toMatchObject({ text: name });
  }
});

it("a server that takes WebSockets already is used as it is", async () => {
  const server = fastify();
  onTestFinished(() => server.close());
  await server.register(websocket, { options: { maxPayload: 4000 } });
  server.get("/echo", { websocket: true }, (socket) => {
    socket.on("message", (data) => socket.send(JSON.stringify({ type: String(data) })));
  });
  await server.register(app({ bodyLimit: 1000 }).plugin());
  const url = await server.listen({ port: 0 });
  const socket = await openSocket(url);
  const error = await socket.send({ ...create, input: "x".repeat(2000) }).next("error");
  expect(error).toMatchObject({ status: 413 });
  await socket.send(create).next("response.completed");
});
