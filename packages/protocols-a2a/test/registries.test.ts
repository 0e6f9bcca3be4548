import { AgentApp, type AgentRegistry, StaticAgentRegistry, text } from "@agentscope-runtime/core";
import { a2a } from "@agentscope-runtime/protocols-a2a";
import { expect, it } from "vitest";
import { a2aApp } from "./support/serve.ts";

const publicUrl = "https://agents.example.com";
const grpc = { port: 0, publicAddress: "agents.example.com:443" };

it("makes agents known while they are served", async () => {
  const registry = new StaticAgentRegistry([{ name: "other", card: { name: "other" } }]);
  const failing: AgentRegistry = {
    name: "failing",
    register: () => Promise.reject(new Error("It is down.")),
    deregister: () => Promise.reject(new Error("It is down.")),
    list: async () => [],
  };
  const app = a2aApp({}, { publicUrl, grpc, registries: [failing, registry] })
    .query(text(), () => "Hello!")
    .host(
      "saturday",
      new AgentApp({ name: "S" }).query(text(), () => "Hello!"),
    );
  expect(await registry.list()).toHaveLength(1);
  const running = await app.run({ port: 0 });
  await expect
    .poll(() => registry.list())
    .toMatchObject([
      { name: "other" },
      { name: "Friday", card: { supportedInterfaces: [{ url: `${publicUrl}/a2a` }, {}, {}, {}, {}, {}] } },
      {
        name: "saturday",
        card: { supportedInterfaces: [{ url: `${publicUrl}/agents/saturday/a2a` }, {}, {}, {}, {}] },
      },
    ]);
  await running.close();
  expect((await registry.list()).map(({ name }) => name)).toEqual(["other"]);
});

it("has to know where they are", () => {
  expect(() => a2a({ registries: [new StaticAgentRegistry()] })).toThrow("publicUrl");
});
