import { NacosAgentRegistry } from "@agentscope-runtime/registries-nacos";
import { describe, expect, it } from "vitest";
import { agentAt } from "./agents.ts";
import { NacosServer } from "./nacos-server.ts";

const url = "https://agents.example.com/a2a";

function registryOf({ address }: NacosServer, options: object = {}): NacosAgentRegistry {
  return new NacosAgentRegistry({ servers: address, checkInterval: 0, ...options });
}

describe.each([{ former: true }, { former: false }])("a registry in Nacos, %j", ({ former }) => {
  it("makes an agent known in words that readers of 0.3 and of 1.0 know", async () => {
    const server = await NacosServer.start({ former });
    const registry = registryOf(server);
    expect(server.requests).toEqual([]);
    await registry.register(agentAt(url, { signatures: [{ protected: "a", signature: "b" }] }));
    expect(server.card("Friday", "1.0.0")).toMatchObject({
      name: "Friday",
      version: "1.0.0",
      url,
      preferredTransport: "JSONRPC",
      protocolVersion: former ? "0.3.0" : "1.0",
      supportsAuthenticatedExtendedCard: true,
      security: [{ bearer: [] }, { key: [] }],
      securitySchemes: {
        bearer: { type: "http", scheme: "Bearer" },
        key: { type: "apiKey", in: "header", name: "x-key" },
      },
    });
    expect(server.card("Friday", "1.0.0")).not.toHaveProperty("signatures");
    await registry.deregister(agentAt(url));
    expect(server.versions("Friday")).toEqual([]);
  });

  it("gives the cards back as A2A 1.0 has them", async () => {
    const server = await NacosServer.start({ former });
    const registry = registryOf(server);
    const agents = Array.from({ length: 120 }, (_, index) => agentAt(url, { name: `agent ${index}` }));
    for (const agent of agents) await registry.register(agent);
    await registryOf(server, { namespace: "another" }).register(agentAt(url));
    const known = await registry.list();
    expect(known).toHaveLength(120);
    const [{ card }] = agents as [(typeof agents)[number]];
    const former03 = (card.supportedInterfaces as object[]).slice(2);
    expect(known[0]).toEqual({
      name: "agent 0",
      card: former ? { ...card, supportedInterfaces: former03 } : card,
    });
  });

  it("replaces a version, and leaves others as they are", async () => {
    const server = await NacosServer.start({ former });
    const registry = registryOf(server);
    await registry.register(agentAt(url));
    await registry.register(agentAt(url, { version: "2.0.0" }));
    expect(server.versions("Friday")).toEqual(["1.0.0", "2.0.0*"]);
    await registry.register(agentAt(url, { version: "2.0.0", description: "More helpful" }));
    await registry.register(agentAt(url, { version: "2.0.0", description: "More helpful" }));
    expect(server.card("Friday", "2.0.0")).toMatchObject({ description: "More helpful" });
    await registry.deregister(agentAt(url));
    expect(server.versions("Friday")).toEqual(["2.0.0*"]);
    await registry.deregister(agentAt(url));
    await registry.deregister(agentAt(url, { name: "unknown" }));
    expect(server.versions("Friday")).toEqual(["2.0.0*"]);
  });

  it("leaves the latest version as it is where that is wanted", async () => {
    const server = await NacosServer.start({ former });
    await registryOf(server).register(agentAt(url));
    await registryOf(server, { setAsLatest: false }).register(agentAt(url, { version: "2.0.0-beta" }));
    expect(server.versions("Friday")).toEqual(["1.0.0*", "2.0.0-beta"]);
  });

  it("brings an agent back that another replica has taken away, and its being the latest", async () => {
    const server = await NacosServer.start({ former });
    const [one, two] = [registryOf(server, { checkInterval: 20 }), registryOf(server, { checkInterval: 20 })];
    await one.register(agentAt(url));
    await two.register(agentAt(url));
    await one.deregister(agentAt(url));
    await expect.poll(() => server.versions("Friday")).toEqual(["1.0.0*"]);
    await one.register(agentAt(url, { version: "2.0.0" }));
    await one.deregister(agentAt(url, { version: "2.0.0" }));
    await expect.poll(() => server.versions("Friday")).toEqual(["1.0.0*"]);
    await two.deregister(agentAt(url));
    expect(server.versions("Friday")).toEqual([]);
    const { length } = server.requests;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(server.requests).toHaveLength(length);
  });

  it("leaves a version alone that leads to another replica by now", async () => {
    const server = await NacosServer.start({ former });
    const registry = registryOf(server);
    const others = agentAt("https://two.example.com/a2a", {
      supportedInterfaces: [
        { url: "https://two.example.com/a2a", protocolBinding: "JSONRPC", protocolVersion: "0.3" },
      ],
    });
    await registry.register(agentAt(url));
    await registryOf(server).register(others);
    await registry.deregister(agentAt(url));
    expect(server.card("Friday", "1.0.0")).toMatchObject({ url: "https://two.example.com/a2a" });
  });
});

it("gets through where others register the same agent at the same moment", async () => {
  const server = await NacosServer.start();
  const registries = Array.from({ length: 5 }, () => registryOf(server));
  await Promise.all(registries.map((registry) => registry.register(agentAt(url))));
  expect(server.versions("Friday")).toEqual(["1.0.0*"]);
});

it.each([
  ["a long name", { name: "n".repeat(65) }],
  ["a name that is not ASCII", { name: "星期五" }],
  ["no version", { version: "" }],
  ["no interface", { supportedInterfaces: [] }],
])("registers no card with %s, and asks Nacos for nothing", async (_, card) => {
  const server = await NacosServer.start();
  const registering = registryOf(server).register(agentAt(url, card));
  await expect(registering).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
  expect(server.requests).toEqual([]);
});

it.each([
  { servers: [] },
  { servers: "ftp://nacos" },
  { servers: "http://" },
  { servers: "http://nacos:secret@127.0.0.1:8848" },
  { servers: "http://127.0.0.1:8848?accessToken=secret" },
  { servers: "127.0.0.1:8848", username: "nacos" },
  { servers: "127.0.0.1:8848", username: "nacos", password: "secret", token: () => "secret" },
])("takes no options that don't go together: %j", (options) => {
  const make = () => new NacosAgentRegistry(options);
  expect(make).toThrow(expect.objectContaining({ code: "CONFIGURATION_ERROR" }));
  expect(make).not.toThrow("secret");
});
