import { generateKeyPairSync } from "node:crypto";
import { AgentCard, verifyAgentCardSignature } from "@a2a-js/sdk";
import { LegacyJsonRpcTransport, parseLegacyAgentCard } from "@a2a-js/sdk/compat/v0_3/client";
import { AgentApp, text } from "@agentscope-runtime/core";
import { a2a } from "@agentscope-runtime/protocols-a2a";
import fastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { say, textOf } from "./support/messages.ts";
import { a2aApp, clientOf, scriptedApp, serve } from "./support/serve.ts";

const V1 = { "a2a-version": "1.0" };

it("tells who the agent is and how it can be talked to", async () => {
  const url = await serve(
    scriptedApp(
      [],
      {},
      {
        card: {
          version: "2.1.0",
          skills: [
            { id: "greet", name: "Greet", description: "Says hello", tags: ["hello"], examples: ["Hi"] },
          ],
          inputModes: ["text/plain"],
          provider: { organization: "We", url: "https://example.com" },
          securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: "Bearer" } } },
          security: [{ bearer: [] }],
        },
      },
    ),
  );
  const answer = await fetch(`${url}/.well-known/agent-card.json`, { headers: V1 });
  expect(answer.headers.get("content-type")).toMatch("application/json");
  expect(answer.headers.get("cache-control")).toBe("public, max-age=3600");
  const card = (await answer.json()) as { supportedInterfaces: object[] };
  expect(card).toMatchObject({
    name: "Friday",
    description: "A helpful assistant",
    version: "2.1.0",
    capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: false },
    defaultInputModes: ["text/plain"],
    skills: [{ id: "greet" }],
    securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: "Bearer" } } },
    securityRequirements: [{ schemes: { bearer: {} } }],
  });
  expect(card.supportedInterfaces).toEqual([
    { url: `${url}/a2a`, protocolBinding: "JSONRPC", protocolVersion: "1.0" },
    { url: `${url}/a2a`, protocolBinding: "HTTP+JSON", protocolVersion: "1.0" },
    { url: expect.stringMatching(/^127\.0\.0\.1:\d+$/), protocolBinding: "GRPC", protocolVersion: "1.0" },
    { url: `${url}/a2a`, protocolBinding: "JSONRPC", protocolVersion: "0.3" },
    { url: `${url}/a2a`, protocolBinding: "HTTP+JSON", protocolVersion: "0.3" },
    { url: expect.stringMatching(/^127\.0\.0\.1:\d+$/), protocolBinding: "GRPC", protocolVersion: "0.3" },
  ]);
});

it("is sent once to who keeps it", async () => {
  const url = `${await serve(scriptedApp([]))}/.well-known/agent-card.json`;
  const etag = (await fetch(url, { headers: V1 })).headers.get("etag") ?? "";
  const known = await fetch(url, { headers: { ...V1, "if-none-match": `"other", W/${etag}` } });
  expect([known.status, await known.text()]).toEqual([304, ""]);
  const other = await fetch(url, { headers: { "if-none-match": etag } });
  expect(other.status).toBe(200);
  expect(other.headers.get("vary")).toBe("A2A-Version");
});

it("speaks 0.3 to who does not say what it speaks", async () => {
  const url = await serve(a2aApp().query(text(), () => "Hello!"));
  for (const name of ["agent-card.json", "agent.json"]) {
    const former = await (await fetch(`${url}/.well-known/${name}`)).json();
    expect(former).toMatchObject({
      url: `${url}/a2a`,
      preferredTransport: "JSONRPC",
      protocolVersion: "0.3",
      supportedInterfaces: expect.any(Array),
    });
    expect(parseLegacyAgentCard(former)).toMatchObject({ name: "Friday" });
  }
  const only = await serve(
    a2aApp({}, { legacy: false, card: { version: "3" } }).query(text(), () => "Hello!"),
  );
  const current = AgentCard.fromJSON(await (await fetch(`${only}/.well-known/agent-card.json`)).json());
  expect(current.supportedInterfaces.map(({ protocolVersion }) => protocolVersion)).toEqual([
    "1.0",
    "1.0",
    "1.0",
  ]);
  expect((await fetch(`${only}/.well-known/agent.json`)).status).toBe(404);
  const transport = new LegacyJsonRpcTransport({ endpoint: `${only}/a2a` });
  await expect(transport.sendMessage(say("Hi"))).rejects.toMatchObject({ name: "VersionNotSupportedError" });
});

it("is signed if there is a key", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signature = { key: privateKey, algorithm: "ES256", keyId: "k1", jwksUrl: "https://example.com/jwks" };
  const known = { publicUrl: "https://agents.example.com", grpc: undefined };
  const url = `${await serve(scriptedApp([], {}, { ...known, signature }))}/.well-known/agent-card.json`;
  const first = await fetch(url, { headers: V1 });
  const card = AgentCard.fromJSON(await first.json());
  const verify = verifyAgentCardSignature(async (keyId, jwksUrl) => {
    expect([keyId, jwksUrl]).toEqual(["k1", "https://example.com/jwks"]);
    return publicKey;
  });
  await verify(card);
  const again = await fetch(url, { headers: { ...V1, "if-none-match": first.headers.get("etag") ?? "" } });
  expect(again.status).toBe(304);
  const former = (await (await fetch(url)).json()) as object;
  expect(former).not.toHaveProperty("signatures");
});

it("is signed for no name that a client makes up, and names no address of this machine in public", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  expect(() => a2a({ signature: { key: privateKey, algorithm: "ES256", keyId: "k1" } })).toThrow("publicUrl");
  const publicUrl = "https://agents.example.com";
  expect(() => a2a({ publicUrl, grpc: { port: 8091 } })).toThrow("publicAddress");
});

it("may tell more to who is known", async () => {
  const app = scriptedApp(
    [],
    {
      authenticate: ({ headers }) =>
        headers.authorization ? { userId: headers.authorization as string } : undefined,
    },
    { extendedCard: (_, { userId }) => ({ description: `For ${userId}` }), card: { version: "7" } },
  );
  const url = await serve(app);
  const client = await clientOf(url);
  expect(await client.getAgentCard({ serviceParameters: { authorization: "Ann" } })).toMatchObject({
    description: "For Ann",
    version: "7",
    supportedInterfaces: [{ url: `${url}/a2a` }, {}, {}, {}, {}, {}],
  });
  const rest = await fetch(`${url}/a2a/extendedAgentCard`, { headers: { ...V1, authorization: "Bob" } });
  expect(await rest.json()).toMatchObject({ description: "For Bob" });
  expect((await fetch(`${url}/a2a/extendedAgentCard`, { headers: V1 })).status).toBe(401);
});

it("of hosted agents is below their names, and each is talked to on its own", async () => {
  const saturday = new AgentApp({ name: "S", description: "At the weekend" }).query(
    text(),
    () => "Saturday here",
  );
  const app = a2aApp()
    .query(text(), () => "Friday here")
    .host("saturday", saturday);
  const url = await serve(app);
  for (const binding of ["JSONRPC", "HTTP+JSON", "GRPC"] as const) {
    const client = await clientOf(url, { binding, agent: "saturday" });
    const task = await client.sendMessage(say("Hi"));
    expect(textOf(task)).toBe("Saturday here");
    const own = await clientOf(url, { binding });
    expect(textOf(await own.sendMessage(say("Hi")))).toBe("Friday here");
    expect(textOf(await own.sendMessage(say("Hi", { tenant: "saturday" })))).toBe("Saturday here");
    const id = "id" in task ? task.id : "";
    await expect(own.getTask({ tenant: "", id })).rejects.toMatchObject({ name: "TaskNotFoundError" });
    expect(await own.getTask({ tenant: "saturday", id })).toMatchObject({ id });
  }
  const card = await (
    await fetch(`${url}/agents/saturday/.well-known/agent-card.json`, { headers: V1 })
  ).json();
  expect(card).toMatchObject({ name: "saturday", description: "At the weekend" });
});

it("is below the prefix of a server that the app is part of", async () => {
  const server = fastify();
  await server.register(
    a2aApp({}, { grpc: undefined })
      .query(text(), () => "Hello!")
      .plugin(),
    { prefix: "/friday" },
  );
  const url = await server.listen({ port: 0 });
  onTestFinished(() => server.close());
  const card = (await (await fetch(`${url}/friday/.well-known/agent-card.json`, { headers: V1 })).json()) as {
    supportedInterfaces: { url: string }[];
  };
  expect(card.supportedInterfaces[0]?.url).toMatch(/:\d+\/friday\/a2a$/);
  for (const binding of ["JSONRPC", "HTTP+JSON"] as const) {
    const client = await clientOf(`${url}/friday/`, { binding });
    expect(textOf(await client.sendMessage(say("Hi")))).toBe("Hello!");
  }
});

describe("the well-known path of a server that has the app under a prefix", () => {
  it("leads to the app where the server wants that", async () => {
    const protocol = a2a();
    const saturday = new AgentApp({ name: "S" }).query(text(), () => "Saturday here");
    const app = a2aApp({ protocols: [protocol], authenticate: () => undefined })
      .query(text(), () => "Hello!")
      .host("saturday", saturday);
    const server = fastify();
    await server.register(protocol.wellKnown());
    await server.register(app.plugin(), { prefix: "/friday" });
    const url = await server.listen({ port: 0 });
    onTestFinished(() => server.close());
    for (const [path, version] of [
      ["agent-card.json", "1.0"],
      ["agent-card.json", "0.3"],
      ["agent.json", "0.3"],
    ]) {
      const card = async (at: string) => {
        const response = await fetch(`${at}/.well-known/${path}`, {
          headers: { "A2A-Version": version ?? "" },
        });
        return { status: response.status, etag: response.headers.get("etag"), card: await response.json() };
      };
      expect(await card(url)).toEqual(await card(`${url}/friday`));
      expect(await card(url)).toMatchObject({
        status: 200,
        card: { supportedInterfaces: [{ url: `${url}/friday/a2a` }, {}, {}, {}] },
      });
    }
  });

  it("is how the official client finds the app", async () => {
    const protocol = a2a();
    const app = a2aApp({ protocols: [protocol] }).query(text(), () => "Hello!");
    const server = fastify();
    await server.register(app.plugin(), { prefix: "/friday" });
    await server.register(protocol.wellKnown());
    const url = await server.listen({ port: 0 });
    onTestFinished(() => server.close());
    for (const binding of ["JSONRPC", "HTTP+JSON"] as const) {
      const client = await clientOf(url, { binding });
      expect(textOf(await client.sendMessage(say("Hi")))).toBe("Hello!");
    }
  });

  it("leads nowhere without the app", async () => {
    const server = fastify();
    await server.register(a2a().wellKnown());
    await expect(server.ready()).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
    await server.close();
  });
});
