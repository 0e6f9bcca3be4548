import { AgentRequest, AgentResponse } from "@agentscope-runtime/agent-api";
import type { FastifyReply } from "fastify";
import type { HostedAgent } from "../runs/hosted-agent.ts";
import { callerOf } from "./authentication.ts";
import { idempotencyOf } from "./idempotency.ts";
import { type Route, route } from "./route.ts";
import { toAgentApiFrames } from "./run-stream.ts";
import type { ServerContext } from "./server-context.ts";

/** `POST /process`: starts a run and answers with its events, or with its result where `stream` is false. */
export function processRoute(agent: () => HostedAgent, { runs, streams, disconnects }: ServerContext): Route {
  return route({
    method: "POST",
    path: "/process",
    summary: "Run the agent",
    body: AgentRequest,
    response: AgentResponse,
    streams: true,
    handle: async ({ body, request, reply }) => {
      if (body.stream) streams.assertRoom();
      const idempotency = idempotencyOf(request);
      const { run, replayed } = await runs().start(agent(), body, { caller: callerOf(request), idempotency });
      reply.header("x-run-id", encodeURIComponent(run.id.toWellFormed()));
      if (replayed) reply.header("idempotent-replayed", "true");
      if (!body.stream) return answer(run.id, reply);
      const source = (signal: AbortSignal) => runs().read(run.id, { follow: true, signal });
      const end = await streams.send(reply, source, { encode: toAgentApiFrames });
      if (end === "gone" && !replayed) disconnects.lost(run);
      return reply;
    },
  });

  async function answer(runId: string, reply: FastifyReply): Promise<unknown> {
    const gone = new AbortController();
    const onClose = () => gone.abort();
    reply.raw.once("close", onClose);
    const result = await runs().result(runId, gone.signal);
    reply.raw.off("close", onClose);
    if (result !== undefined) return result;
    disconnects.lost(await runs().get(agent().name, runId));
    return reply.hijack();
  }
}
