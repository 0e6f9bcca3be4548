import { connect as dial } from "node:net";
import { text } from "@agentscope-runtime/core";
import { mcpTool } from "@agentscope-runtime/protocols-mcp";
import { expect, it } from "vitest";
import { z } from "zod";
import { call } from "./support/messages.ts";
import { mcpApp, serve } from "./support/serve.ts";

const piece = "x".repeat(100_000);
const pieces = 400;

/** A call as of the latest revision. */
function modern(name: string, args: object): object {
  const _meta = {
    progressToken: 1,
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return { ...call(1), params: { name, arguments: args, _meta } };
}

/** Sends a request and reads nothing of the answer. */
async function sendDeaf(url: string, message: object, headers: string) {
  const { port } = new URL(url);
  const socket = dial(Number(port), "127.0.0.1");
  socket.pause();
  await new Promise((resolve) => socket.once("connect", resolve));
  const body = JSON.stringify(message);
  const head = `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  socket.write(head + body);
  return socket;
}

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
  const headers = "mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: chatty\r\n";
  const socket = await sendDeaf(url, modern("chatty", {}), headers);
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
  ["2025-11-25", call(1, undefined, 1), ""],
  [
    "2026-07-28",
    modern("Friday", { message: "Hi" }),
    "mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: Friday\r\n",
  ],
])("cuts a client of %s off that stays stalled in a call of an agent", async (_, message, headers) => {
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
