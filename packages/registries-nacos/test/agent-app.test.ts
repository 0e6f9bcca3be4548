import { DefaultAgentCardResolver } from "@a2a-js/sdk/client";
import { AgentApp, text } from "@agentscope-runtime/core";
import { a2a } from "@agentscope-runtime/protocols-a2a";
import { NacosAgentRegistry } from "@agentscope-runtime/registries-nacos";
import { expect, it } from "vitest";
import { NacosServer } from "./nacos-server.ts";

const publicUrl = "https://agents.example.com";
const user = { username: "nacos", password: "secret" };

function appAt(servers: string): { app: AgentApp; registry: NacosAgentRegistry; lines: string[] } {
  const registry = new NacosAgentRegistry({ servers, ...user });
  const lines: string[] = [];
  const card = { securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: "Bearer" } } } };
  const protocols = [
    a2a({ registries: [registry], publicUrl, card: { ...card, security: [{ bearer: [] }] } }),
  ];
  const log = { write: (line: string) => void lines.push(line) };
  const app = new AgentApp({ name: "Friday", description: "Helps", protocols, log }).query(
    text(),
    () => "Hello!",
  );
  app.host(
    "saturday",
    new AgentApp({ name: "S" }).query(text(), () => "Hello!"),
  );
  return { app, registry, lines };
}

it.each([{ former: true }, { former: false }])(
  "an app is known to Nacos for as long as it listens, %j",
  async ({ former }) => {
    const server = await NacosServer.start({ user, former });
    const { app, registry } = appAt(server.address);
    expect(server.requests).toEqual([]);
    const running = await app.run({ port: 0 });
    await expect.poll(() => server.versions("saturday")).toEqual(["1.0.0*"]);
    await expect.poll(() => server.versions("Friday")).toEqual(["1.0.0*"]);
    expect(server.card("saturday", "1.0.0")).toMatchObject({ url: `${publicUrl}/agents/saturday/a2a` });

    // What is found there says what the agent itself says, as the official client reads it.
    const resolver = new DefaultAgentCardResolver();
    const { supportedInterfaces: _, ...own } = await resolver.resolve(running.url);
    const known = (await registry.list()).find(({ name }) => name === "Friday");
    const found = resolver.normalizeAgentCard(known?.card);
    expect(found).toMatchObject(own);
    const versions = found.supportedInterfaces.map(({ protocolVersion }) => protocolVersion);
    expect(new Set(versions)).toEqual(new Set(former ? ["0.3"] : ["1.0", "0.3"]));
    await running.close();
    expect(server.versions("Friday")).toEqual([]);
    expect(server.versions("saturday")).toEqual([]);
  },
);

it("a server starts without Nacos, and is registered once that is there", async () => {
  const first = await NacosServer.start({ user });
  const { address } = first;
  await first.stop();
  const { app, lines } = appAt(address);
  const running = await app.run({ port: 0 });
  const { status } = await fetch(`${running.url}/.well-known/agent-card.json`);
  expect(status).toBe(200);
  await expect.poll(() => lines.join("")).toContain("could not be registered yet");
  const server = await NacosServer.start({ user, port: Number(address.split(":")[1]) });
  await expect.poll(() => server.versions("Friday"), { timeout: 5000 }).toEqual(["1.0.0*"]);
  await running.close();
  expect(server.versions("Friday")).toEqual([]);
  expect(lines.join("")).not.toContain("secret");
});
