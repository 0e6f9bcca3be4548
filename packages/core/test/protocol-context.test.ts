import { once } from "node:events";
import { AgentRequest } from "@agentscope-runtime/agent-api";
import { type ProtocolContext, text } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { expect, it } from "vitest";
import { Gate } from "./support/gate.ts";
import { post } from "./support/post.ts";
import { protocolSpy } from "./support/protocol-spy.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

it("starts a run as one that is canceled, whose handler is not called", async () => {
  const { protocol, context } = protocolSpy();
  let calls = 0;
  const app = quietApp({ protocols: [protocol] }).query(text(), () => `call ${++calls}`);
  await serverOf(app);
  const { runs, agents } = context();
  const request = AgentRequest.parse({ input: [], session_id: "s1" });
  const cancel = { reason: "Nobody wants to know." };
  const { run } = await runs().start(agents[0]?.agent() as never, request, { cancel });
  expect(await runs().result(run.id)).toMatchObject({
    status: "canceled",
    output: [],
    error: { message: "Nobody wants to know." },
  });
  const next = await runs().start(agents[0]?.agent() as never, request);
  expect(await runs().result(next.run.id)).toMatchObject({ status: "completed" });
  expect(calls).toBe(1);
});

it("knows who calls by other ways than routes", async () => {
  const { protocol, context } = protocolSpy();
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
    headers.authorization === "Ann" ? { userId: "Ann" } : undefined;
  await serverOf(quietApp({ protocols: [protocol], authenticate }).query(text(), () => "Hi"));
  const call = { method: "POST", url: "/", ip: "127.0.0.1" };
  const { identify } = context();
  expect(await identify({ ...call, headers: { authorization: "Ann" } })).toEqual({ userId: "Ann" });
  await expect(identify({ ...call, headers: {} })).rejects.toMatchObject({ code: "AUTH_FAILED" });
  const open = protocolSpy();
  await serverOf(quietApp({ protocols: [open.protocol] }).query(text(), () => "Hi"));
  expect(await open.context().identify({ ...call, headers: {} })).toEqual({});
});

it("answers with the headers of a stream before there is anything to tell", async () => {
  const gate = new Gate();
  const protocol = {
    name: "slow",
    register: (fastify: FastifyInstance, { stream }: ProtocolContext) => {
      fastify.get("/slow", async (_, reply) => {
        const source = async function* () {
          await gate.passed;
          yield "data: at last\n\n";
        };
        await stream(reply, source, { retry: false });
        return reply;
      });
    },
  };
  const { url } = await serve(quietApp({ protocols: [protocol] }).query(text(), () => "Hi"));
  const response = await fetch(`${url}/slow`);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  gate.open();
  expect(await response.text()).toBe("data: at last\n\n");
});

it("tells of each run that is started, once, whoever starts it, and of no replay", async () => {
  const { protocol, context } = protocolSpy();
  const { url } = await serve(quietApp({ protocols: [protocol] }).query(text(), () => "Hi"));
  const { runs, agents } = context();
  const told: string[] = [];
  const fail = runs().onStart(() => {
    throw new Error("A listener's own trouble.");
  });
  const end = runs().onStart((run) => told.push(run.id));
  const ask = (id: string, key: string) =>
    post(`${url}/process`, { input: [], id, stream: false }, { "idempotency-key": key });
  expect((await ask("first", "1")).status).toBe(200);
  expect((await ask("first", "1")).headers.get("idempotent-replayed")).toBe("true");
  expect((await ask("first", "2")).status).toBe(409);
  await post(`${url}/process/task`, { input: [], id: "task" });
  const request = AgentRequest.parse({ input: [], id: "canceled" });
  await runs().start(agents[0]?.agent() as never, request, { cancel: { reason: "Not needed." } });
  expect(told).toEqual(["first", "task", "canceled"]);
  end();
  end();
  fail();
  await ask("later", "3");
  expect(told).toHaveLength(3);
});

it("counts, bounds and reads what goes over connections of a protocol's own", async () => {
  const { protocol, context } = protocolSpy();
  const streams = { maxOpenStreams: 1, heartbeat: 5, stallTimeout: 6 };
  const app = quietApp({ protocols: [protocol], streams, bodyLimit: 7, maxNesting: 2, maxValues: 3 });
  const server = await serverOf(app.query(text(), () => "Hi"));
  const { assertRoom, hold, limits, parseJson } = context();
  expect(limits).toEqual({ bodyLimit: 7, heartbeat: 5, stallTimeout: 6 });
  const held = hold((signal) => once(signal, "abort"));
  expect(assertRoom).toThrow(expect.objectContaining({ code: "SERVICE_UNAVAILABLE" }));
  const failed = hold(() => Promise.reject(new Error("no")));
  await expect(failed).rejects.toThrow("no");
  expect(parseJson('{"a":[1]}')).toEqual({ a: [1] });
  for (const bad of ["", "{", '{"__proto__":1}', '{"constructor":{"prototype":1}}', "[[[", "[1,2,3,4]"]) {
    expect(() => parseJson(bad)).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER" }));
  }
  await server.close();
  await held;
});
