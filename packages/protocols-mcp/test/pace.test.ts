import { connect as dial } from "node:net";
import { text } from "@agentscope-runtime/core";
import { mcpTool } from "@agentscope-runtime/protocols-mcp";
import { expect, it } from "vitest";
import { z } from "zod";
import { call, modern, post } from "./support/messages.ts";
import { mcpApp, serve } from "./support/serve.ts";

const piece = "x".repeat(100_000);
const pieces = 400;

/** Sends a request and reads nothing of the answer. */
async function sendDeaf(url: string, message: object, headers: Readonly<Record<string, string>>) {
  const { port } = new URL(url);
  const socket = dial(Number(port), "127.0.0.1");
  socket.pause();
  await new Promise((resolve) => socket.once("connect", resolve));
  const body = JSON.stringify(message);
  const fields = Object.entries({
    host: "localhost",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
  });
  const lines = ["POST /mcp HTTP/1.1", ...fields.map(([name, value]) => `${name}: ${value}`), "", body];
  socket.write(lines.join("\r\n"));
  return socket;
}

it.each([
  ["2025-06-18", { message: call(1), headers: { "mcp-protocol-version": "2025-06-18" } }],
  ["2026-07-28", modern("Friday", { message: "Hi" })],
])(
  "opens the stream of a call of %s at once, before there is anything to tell",
  async (_, { message, headers }) => {
    const gate = Promise.withResolvers<void>();
    const app = mcpApp({ streams: { heartbeat: 60_000 } }).query(text(), async function* () {
      await gate.promise;
      yield "late";
    });
    const answer = await post(await serve(app), message, headers);
    gate.resolve();
    expect(await answer.text()).toContain("late");
  },
);

it("holds a tool up whose client does not read, and lets it go on when the client is gone", async () => {
  let said = 0;
  const over = Promise.withResolvers<void>();
  const chatty = mcpTool({
    name: "chatty",
    input: z.object({}),
    call: async (_, { progress }) => {
      while (said < pieces) {
        await progress(piece);
        said++;
      }
      over.resolve();
      return "done";
    },
  });
  const url = await serve(mcpApp({}, { tools: [chatty] }).query(text(), () => "ok"));
  const { message, headers } = modern("chatty", {});
  const socket = await sendDeaf(url, message, headers);
  let before = -1;
  const stands = () => {
    const still = before === said;
    before = said;
    return still;
  };
  await expect.poll(stands, { interval: 300, timeout: 10_000 }).toBe(true);
  expect(said).toBeGreaterThan(0);
  expect(said).toBeLessThan(pieces / 2);
  socket.destroy();
  await over.promise;
});

it.each([
  ["2025-11-25", { message: call(1, undefined, 1), headers: {} }],
  ["2026-07-28", modern("Friday", { message: "Hi" })],
])("cuts a client of %s off that stays stalled in a call of an agent", async (_, { message, headers }) => {
  const streams = { stallTimeout: 300, maxOpenStreams: 1 };
  const app = mcpApp({ streams }).query(text(), async function* () {
    for (let index = 0; index < pieces; index++) yield piece;
  });
  const url = await serve(app);
  const socket = await sendDeaf(url, message, headers);
  const other = () =>
    fetch(`${url}/mcp`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  await expect.poll(async () => (await other()).status, { timeout: 10_000 }).toBe(503);
  await expect.poll(async () => (await other()).status, { timeout: 10_000 }).not.toBe(503);
  socket.destroy();
});
