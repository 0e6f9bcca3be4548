import { createServer } from "node:net";
import { queryObjects } from "node:v8";
import { SendMessageRequest, type Task } from "@a2a-js/sdk";
import { A2AService } from "@a2a-js/sdk/server/grpc";
import { type AgentApp, type ProtocolAdapter, text } from "@agentscope-runtime/core";
import { a2a } from "@agentscope-runtime/protocols-a2a";
import { type Client, credentials, Metadata, makeGenericClientConstructor } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import { say } from "./support/messages.ts";
import { ended, receiver } from "./support/receiver.ts";
import { a2aApp, clientOf, scriptedApp, serve } from "./support/serve.ts";

type Call = (
  request: object,
  metadata: Metadata,
  done: (error: (Error & { code: number }) | null, answer: unknown) => void,
) => void;

/** Calls a method with metadata of the test's own, which the SDK's client does not let through. */
async function caller(url: string) {
  const answer = await fetch(`${url}/.well-known/agent-card.json`, { headers: { "a2a-version": "1.0" } });
  const card = (await answer.json()) as { supportedInterfaces: { url: string; protocolBinding: string }[] };
  const found = card.supportedInterfaces.find(({ protocolBinding }) => protocolBinding === "GRPC");
  const Constructor = makeGenericClientConstructor(A2AService, "a2a");
  const client = new Constructor(found?.url ?? "", credentials.createInsecure()) as Client;
  onTestFinished(() => client.close());
  return <Answer>(method: string, request: object, headers: Record<string, string> = {}) => {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries({ "a2a-version": "1.0", ...headers })) metadata.set(key, value);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const call = (client as unknown as Record<string, Call>)[method];
    call?.bind(client)(request, metadata, (error, value) =>
      error ? reject(error) : resolve(value as Answer),
    );
    return promise;
  };
}

interface Sent {
  readonly payload: { readonly value: Task };
}

it("heeds the version that a call says", async () => {
  const call = await caller(await serve(scriptedApp([])));
  const { id } = (await call<Sent>("sendMessage", say("Hi"))).payload.value;
  await expect(call("getTask", { tenant: "", id }, { "a2a-version": "9.9" })).rejects.toThrow("9.9");
  expect(await call("getTask", { tenant: "", id }, { "a2a-version": "1.0.3" })).toMatchObject({ id });
});

it("meets the run of a message that is sent again with its idempotency key", async () => {
  const call = await caller(await serve(scriptedApp([])));
  const key = { "idempotency-key": "k1" };
  const [first, again] = await Promise.all([
    call<Sent>("sendMessage", say("Hi", { messageId: "m1" }), key),
    call<Sent>("sendMessage", say("Hi", { messageId: "m1" }), key),
  ]);
  expect(first.payload.value.id).toBe(again.payload.value.id);
  await expect(call("sendMessage", say("Bye"), key)).rejects.toThrow(/[Ii]dempotency/);
});

it("refuses what bodies may not be", async () => {
  const url = await serve(scriptedApp([]));
  const call = await caller(url);
  const nested = (depth: number) => {
    let value: object = {};
    for (let level = 0; level < depth; level++) value = { a: value };
    return SendMessageRequest.fromJSON({
      message: { messageId: "m1", role: "ROLE_USER", parts: [{ data: value }] },
    });
  };
  for (const depth of [150, 800]) {
    await expect(call("sendMessage", nested(depth))).rejects.toMatchObject({ code: 3 });
  }
  const list = await fetch(`${url}/a2a/tasks`, { headers: { "a2a-version": "1.0" } });
  expect(await list.json()).toMatchObject({ tasks: [] });
});

it("keeps nothing of a call that has its answer", async () => {
  const call = await caller(await serve(scriptedApp([])));
  const { id } = (await call<Sent>("sendMessage", say("Hi"))).payload.value;
  const count = () => queryObjects(AbortController, { format: "count" });
  const before = count();
  for (let at = 0; at < 100; at++) await call("getTask", { tenant: "", id });
  expect(count() - before).toBeLessThan(20);
});

it("names itself alone in the extended card, where nobody has said how else the agent is reached", async () => {
  const url = await serve(scriptedApp([], {}, { extendedCard: () => ({ description: "More" }) }));
  const client = await clientOf(url, { binding: "GRPC" });
  const { description, supportedInterfaces } = await client.getAgentCard();
  expect(description).toBe("More");
  expect(supportedInterfaces.map(({ protocolBinding }) => protocolBinding)).toEqual(["GRPC", "GRPC"]);
});

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it("is shared by the servers of an app, whichever of them closes first", async () => {
  const app = a2aApp({}, { grpc: { port: await freePort() } }).query(text(), () => "Hello!");
  const first = await app.run({ port: 0 });
  const second = await serve(app);
  const call = await caller(second);
  await call("sendMessage", say("Hi"));
  await first.close();
  await call("sendMessage", say("Hi"));
});

it("says which port it can't have", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  const app = a2aApp({}, { grpc: { port } }).query(text(), () => "Hello!");
  await expect(app.run({ port: 0 })).rejects.toMatchObject({
    code: "CONFIGURATION_ERROR",
    message: expect.stringContaining(String(port)),
  });
});

it("leaves the notifications of one server alone where another one does not start", async () => {
  const { url: hook, until } = await receiver();
  let starts = 0;
  const other: ProtocolAdapter = {
    name: "other",
    register: () => ({
      start: async () => {
        if (++starts === 2) throw new Error("It does not start.");
      },
    }),
  };
  const protocols = [other, a2a({ push: { allowPrivate: true } })];
  const app: AgentApp<never> = a2aApp({ protocols }).query(text(), () => "Hello!") as AgentApp<never>;
  const url = await serve(app);
  await expect((app as unknown as AgentApp<unknown>).run({ port: 0 })).rejects.toThrow("It does not start.");
  const client = await clientOf(url);
  await client.sendMessage(say("Hi", { configuration: { taskPushNotificationConfig: { url: hook } } }));
  await until(ended);
});
