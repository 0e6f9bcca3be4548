import { AgentRequest, AgentResponse } from "@agentscope-runtime/agent-api";
import type { FastifyReply } from "fastify";
import type { RunRecord } from "../contracts/run-store.ts";
import type { HostedAgent } from "../runs/hosted-agent.ts";
import { callerOf } from "./authentication.ts";
import { idempotencyHeader, idempotencyOf, replayedHeader } from "./idempotency.ts";
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
    headers: idempotencyHeader("run that it started"),
    answerHeaders: { "x-run-id": "The id of the run, percent-encoded.", ...replayedHeader },
    refusals: [404, 409, 410, 422, 429, 503],
    handle: async ({ body, request, reply }) => {
      streams.assertRoom();
      const idempotency = idempotencyOf(request);
      const { run, replayed } = await runs().start(agent(), body, { caller: callerOf(request), idempotency });
      reply.header("x-run-id", encodeURIComponent(run.id.toWellFormed()));
      if (replayed) reply.header("idempotent-replayed", "true");
      const answer = () => (body.stream ? stream(run, reply) : result(run, reply));
      const answered = replayed ? answer() : disconnects.during(run, reply, answer);
      // Nobody waits for a stream: what would is as long in memory as the stream is open.
      return body.stream ? undefined : answered;
    },
  });

  function stream({ id }: RunRecord, reply: FastifyReply): Promise<unknown> {
    const source = (signal: AbortSignal) => runs().read(id, { follow: true, signal });
    return streams.send(reply, source, { encode: toAgentApiFrames });
  }

  async function result({ id }: RunRecord, reply: FastifyReply): Promise<unknown> {
    return (await streams.wait(reply, (signal) => runs().result(id, signal))) ?? reply;
  }
}
