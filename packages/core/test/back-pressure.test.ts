import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { type AgentApp, text } from "@agentscope-runtime/core";
import type { FastifyPluginAsync } from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { deltaText, expectWholeLog } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

const PIECE = "x".repeat(32 * 1024);
const PIECES = 640;

/** An app that says 20 MiB, and the responses its server is writing to. */
function talker(stallTimeout: number, paced = false): { app: AgentApp; responses: ServerResponse[] } {
  const responses: ServerResponse[] = [];
  const watch: FastifyPluginAsync = async (fastify) => {
    fastify.addHook("onRequest", async (_, reply) => void responses.push(reply.raw as ServerResponse));
  };
  const app = quietApp({ streams: { stallTimeout } })
    .register(Object.assign(watch, { [Symbol.for("skip-override")]: true }))
    .query(text(), async function* () {
      for (let piece = 0; piece < PIECES; piece++) {
        yield PIECE;
        if (paced) await new Promise((resolve) => setImmediate(resolve));
      }
    });
  return { app, responses };
}

/** Sends a request and reads nothing of the answer. */
function askAndIgnore(url: string, head: string, body = ""): void {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined).pause();
  socket.write(`${head}\r\nhost: ${hostname}:${port}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
}

/** The most a response has waiting to be sent, until its connection is gone. */
async function mostBuffered(response: ServerResponse): Promise<number> {
  let most = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("close", resolve);
  const timer = setInterval(() => {
    most = Math.max(most, response.writableLength);
  }, 1);
  await promise;
  clearInterval(timer);
  return most;
}

async function ended(url: string): Promise<void> {
  await fetch(`${url}/runs/run-1/cancel?wait=true`, { method: "POST" });
}

test.each([
  ["at once", false],
  ["piece by piece", true],
])(
  "a client that does not read what comes %s is cut off, costs the server little, and can resume",
  async (_, paced) => {
    const { app, responses } = talker(600, paced);
    const { url } = await serve(app);
    const body = JSON.stringify(ask("Talk", { id: "run-1" }));
    askAndIgnore(url, "POST /process HTTP/1.1\r\ncontent-type: application/json", body);
    await expect.poll(() => responses.length, { interval: 5 }).toBe(1);
    const most = await mostBuffered(responses[0] as ServerResponse);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(2 ** 20);

    const again = await EventReader.open(`${url}/runs/run-1/events?after=-1`);
    const events = await again.rest();
    expectWholeLog(events);
    expect(deltaText(events).length).toBe(PIECES * PIECE.length);
  },
);

test("a client that asks for a long log and does not read it costs no more", async () => {
  const { app, responses } = talker(600);
  const { url } = await serve(app);
  await fetch(`${url}/process`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(ask("Talk", { id: "run-1", stream: false })),
  }).then((response) => response.text());
  await ended(url);
  askAndIgnore(url, "GET /runs/run-1/events HTTP/1.1");
  await expect.poll(() => responses.length, { interval: 5 }).toBe(3);
  const most = await mostBuffered(responses[2] as ServerResponse);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(2 ** 20);
});

test("a slow client holds up neither the run nor another client nor the end of the server", async () => {
  const { app, responses } = talker(60_000);
  const { url, close } = await serve(app);
  const body = JSON.stringify(ask("Talk", { id: "run-1" }));
  askAndIgnore(url, "POST /process HTTP/1.1\r\ncontent-type: application/json", body);
  await expect.poll(() => responses[0]?.headersSent, { interval: 5 }).toBe(true);
  const events = await (await EventReader.open(`${url}/runs/run-1/events`)).rest();
  expectWholeLog(events);
  await close();
});
