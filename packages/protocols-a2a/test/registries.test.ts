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

it("takes agents back before their runs come to an end, when the last server closes", async () => {
  const events: string[] = [];
  const registry: AgentRegistry = {
    name: "told",
    register: async () => void events.push("registered"),
    deregister: async () => void events.push("deregistered"),
    list: async () => [],
  };
  const started = Promise.withResolvers<void>();
  const app = a2aApp({}, { publicUrl, grpc, registries: [registry] }).query(text(), async ({ signal }) => {
    started.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    events.push("canceled");
    return "Bye!";
  });
  const first = await app.run({ port: 0 });
  const second = await app.run({ port: 0 });
  await expect.poll(() => events).toEqual(["registered"]);
  await first.close();
  expect(events).toEqual(["registered"]);
  const answer = fetch(`${second.url}/process`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] }),
  });
  await started.promise;
  await second.close();
  await answer;
  expect(events).toEqual(["registered", "deregistered", "canceled"]);
});
