import type { ProtocolContext } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { agentOf } from "./agent-of.ts";
import { conversationBefore } from "./conversation-before.ts";
import { type CountTokens, countMessages, countRequest, estimateTokens } from "./count-tokens.ts";
import { toAgentRequest } from "./to-agent-request.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `POST /responses/input_tokens`: how many tokens the request is, with all that it goes on with. Starts nothing. */
export function inputTokensRoute(context: ProtocolContext, countTokens: CountTokens | undefined): Handler {
  const { agents, assertRoom, callerOf, wait } = context;
  return async (request, reply) => {
    const params = toAgentRequest(request.body ?? {}, context, { input: [] });
    const agent = agentOf(params.request.model, agents);
    const caller = callerOf(request);
    assertRoom();
    const answered = await wait(reply, async () => {
      const before = await conversationBefore(context, agent, params, { caller, ended: false });
      const count = countTokens ?? (await estimateTokens());
      const input_tokens =
        (await countMessages([...before, ...params.request.input], count)) +
        (await countRequest(params.request, count));
      return { object: "response.input_tokens", input_tokens };
    });
    return answered ?? reply;
  };
}
