import { Message, type MessageInput, newMessageId } from "@agentscope-runtime/agent-api";
import { type ProtocolContext, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { agentOf } from "./agent-of.ts";
import { packCompaction } from "./compaction.ts";
import { conversationBefore } from "./conversation-before.ts";
import { type CountTokens, countMessages, countRequest, estimateTokens } from "./count-tokens.ts";
import { toAgentRequest } from "./to-agent-request.ts";
import { toItems } from "./to-items.ts";

/** A conversation that is to be made shorter. */
export interface CompactedConversation {
  readonly messages: readonly Message[];
  /** Of the request. */
  readonly instructions: string | undefined;
  /** The name of the agent that it was held with. */
  readonly agent: string;
  /** Aborts when the client has gone or the server closes. */
  readonly signal: AbortSignal;
}

/** Makes what takes the place of a conversation: messages, or a summary, which the agent gets as the user's. */
export type Compact = (
  conversation: CompactedConversation,
) => Promise<readonly MessageInput[] | string> | readonly MessageInput[] | string;

export interface CompactRouteOptions {
  readonly compact?: Compact | undefined;
  readonly countTokens?: CountTokens | undefined;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `POST /responses/compact`: the user's messages and one item that stands for all of the conversation. Keeps nothing. */
export function compactRoute(
  context: ProtocolContext,
  { compact, countTokens }: CompactRouteOptions,
): Handler {
  const { agents, assertRoom, callerOf, wait } = context;
  return async (request, reply) => {
    const params = toAgentRequest(request.body, context, { input: [] });
    const agent = agentOf(params.request.model, agents);
    const caller = callerOf(request);
    assertRoom();
    const answered = await wait(reply, async (signal) => {
      const before = await conversationBefore(context, agent, params, { caller, ended: true });
      const messages = [...before, ...params.request.input];
      const instructions = params.request.instructions ?? undefined;
      const kept =
        compact === undefined
          ? messages
          : await shortened(compact, { messages, instructions, agent: agent.name, signal });
      const stands_for = messages.map(({ id }) => id);
      const encrypted_content = await packCompaction({ messages: kept, stands_for }, context);
      const count = countTokens ?? (await estimateTokens());
      const input =
        (await countMessages(messages, count)) +
        (await countRequest({ ...params.request, tools: null, text: undefined }, count));
      const output = compact === undefined ? input : await countMessages(kept, count);
      const shown = messages.filter(({ type, role }) => type === "message" && (role ?? "user") === "user");
      return {
        id: `resp_${crypto.randomUUID()}`,
        object: "response.compaction",
        created_at: Math.floor(Date.now() / 1000),
        output: [
          ...toItems(shown),
          { id: `cmp_${crypto.randomUUID()}`, type: "compaction", encrypted_content },
        ],
        usage: {
          input_tokens: input,
          input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
          output_tokens: output,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: input + output,
        },
      };
    });
    return answered ?? reply;
  };
}

async function shortened(compact: Compact, conversation: CompactedConversation): Promise<readonly Message[]> {
  let made: unknown;
  try {
    made = await compact(conversation);
  } catch (error) {
    throw RuntimeError.from(error, "AGENT_UNKNOWN_ERROR", "The conversation could not be compacted.");
  }
  const summary = { id: newMessageId(), role: "user", content: [{ type: "text", text: made }] };
  const result = z.array(Message).safeParse(typeof made === "string" ? [summary] : made);
  if (result.success) return result.data.map((message) => ({ ...message, status: "completed" }));
  throw new RuntimeError("AGENT_ERROR", "What took the conversation's place is neither messages nor a text.");
}
