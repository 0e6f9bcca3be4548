import { once } from "node:events";
import { connect } from "node:net";
import { text } from "@agentscope-runtime/core";
import { expect, it, onTestFinished } from "vitest";
import { openaiApp, serve } from "./support/serve.ts";

it("a connection whose requests are malformed and ask for HTTP/2 gathers no listeners", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on("warning", warned);
  onTestFinished(() => void process.off("warning", warned));
  const { hostname, host, port } = new URL(await serve(openaiApp().query(text(), () => "ok")));
  const socket = connect(Number(port), hostname);
  // Node warns of the eleventh.
  for (let request = 0; request < 15; request++) {
    socket.write(`GET /%zz HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
    await once(socket, "data");
  }
  socket.destroy();
  await once(socket, "close");
  expect(warnings).toEqual([]);
});
