import { type ProtocolAdapter, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted } from "./support/gate.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";

test("a protocol leaves with each of its servers, before runs are drained and while they are taken on", async () => {
  const said: string[] = [];
  const urls: string[] = [];
  const protocol: ProtocolAdapter = {
    name: "leaving",
    register: () => ({
      leave: async () => {
        const response = await post(`${urls.at(-1)}/process`, ask("Hi", { stream: false }));
        said.push(`left: ${response.status}`);
        throw new Error("Whatever goes wrong here keeps no server from closing.");
      },
    }),
  };
  const app = quietApp({ drainGrace: 0, protocols: [protocol] }).query(
    text(),
    async function* ({ msgs, signal }) {
      yield "Hello";
      if (!JSON.stringify(msgs).includes("wait")) return;
      await aborted(signal);
      said.push("drained");
    },
  );
  const first = await app.listen({ port: 0 });
  const second = await app.listen({ port: 0 });
  urls.push(second.url);
  await first.close();
  expect(said).toEqual(["left: 200"]);
  const reader = await EventReader.open(`${second.url}/process`, { body: ask("wait") });
  await reader.until(({ object }) => object === "content");
  await second.close();
  expect(said).toEqual(["left: 200", "left: 200", "drained"]);
});
