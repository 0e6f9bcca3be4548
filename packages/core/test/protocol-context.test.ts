import { AgentRequest } from "@agentscope-runtime/agent-api";
import { type ProtocolContext, text } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { expect, it } from "vitest";
import { Gate } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

/** A protocol without routes, and what it works with. */
function spy() {
  let context: ProtocolContext | undefined;
  const protocol = {
    name: "spy",
    register: (_: unknown, given: ProtocolContext) => {
      context = given;
    },
  };
  return { protocol, context: () => context as ProtocolContext };
}

it("starts a run as one that is canceled, whose handler is not called", async () => {
  const { protocol, context } = spy();
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
  const { protocol, context } = spy();
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
    headers.authorization === "Ann" ? { userId: "Ann" } : undefined;
  await serverOf(quietApp({ protocols: [protocol], authenticate }).query(text(), () => "Hi"));
  const call = { method: "POST", url: "/", ip: "127.0.0.1" };
  const { identify } = context();
  expect(await identify({ ...call, headers: { authorization: "Ann" } })).toEqual({ userId: "Ann" });
  await expect(identify({ ...call, headers: {} })).rejects.toMatchObject({ code: "AUTH_FAILED" });
  const open = spy();
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
