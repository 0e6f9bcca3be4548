import { Message, newMessageId } from "@agentscope-runtime/agent-api";
import type { ProtocolContext, ServedAgent } from "@agentscope-runtime/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { agentOf } from "./agent-of.ts";
import { type Conversation, findConversations, notFound, toConversation } from "./find-conversations.ts";
import { Input, type InputItem } from "./input-item.ts";
import { type ItemList, ItemListQuery, toItemList } from "./item-list.ts";
import { parseParams } from "./parse-params.ts";
import { sessionMessages } from "./session-messages.ts";
import { toInputMessages } from "./to-input-messages.ts";
import { type ItemSource, type ListedItem, toItemSources, toItems } from "./to-items.ts";

/** Adds the routes of conversations and their items: sessions in OpenAI's words. */
export function addConversationRoutes(
  fastify: FastifyInstance,
  prefix: string,
  context: ProtocolContext,
): void {
  const { agents, assertRoom, callerOf, runs, wait } = context;
  const findAll = (request: FastifyRequest): Promise<readonly [Conversation, ...Conversation[]]> =>
    findConversations(context, paramsOf(request).id ?? "", callerOf(request));
  const find = async (request: FastifyRequest): Promise<Conversation> => (await findAll(request))[0];

  fastify.post(`${prefix}/conversations`, async (request) => {
    const { items, metadata } = parseParams(NewConversation, request.body ?? {});
    const caller = callerOf(request);
    const agent = agentOf(null, agents);
    const name = { sessionId: `conv_${crypto.randomUUID()}` };
    const session = await runs().sessions.create(agent, name, { metadata: metadata ?? {} }, caller);
    if (items?.length) await runs().sessions.addMessages(agent, name, toMessages(items, context), caller);
    return toConversation(session);
  });

  fastify.get(`${prefix}/conversations/:id`, async (request) =>
    toConversation((await find(request)).session),
  );

  fastify.post(`${prefix}/conversations/:id`, async (request) => {
    const { metadata } = parseParams(ConversationChange, request.body);
    const { agent, name } = await find(request);
    return toConversation(
      await runs().sessions.update(agent, name, { metadata: metadata ?? {} }, callerOf(request)),
    );
  });

  fastify.delete(`${prefix}/conversations/:id`, async (request, reply) => {
    const found = (await findAll(request)).map(({ agent }) => agent.name);
    const caller = callerOf(request);
    const name = { sessionId: paramsOf(request).id ?? "" };
    assertRoom();
    // Goes on even where the client does not wait for it.
    const deleted = await wait(reply, async () => {
      // Those that it is found by come last: what fails in the middle can be repeated.
      const known = (served: ServedAgent) => Number(found.includes(served.name));
      for (const served of agents.toSorted((one, other) => known(one) - known(other))) {
        await runs().sessions.delete(served.agent(), name, caller);
      }
      return { id: name.sessionId, object: "conversation.deleted", deleted: true };
    });
    return deleted ?? reply;
  });

  fastify.get(`${prefix}/conversations/:id/items`, async (request) => {
    const query = parseParams(ItemListQuery, request.query);
    const sources = await itemsOf(request);
    return toItemList(
      sources.map(({ item }) => item),
      query,
    );
  });

  fastify.post(`${prefix}/conversations/:id/items`, async (request) => {
    const { items } = parseParams(NewItems, request.body);
    const { agent, name } = await find(request);
    const messages = toMessages(items, context);
    await runs().sessions.addMessages(agent, name, messages, callerOf(request));
    return toItemList(toItems(messages), { limit: MAX_LISTED, order: "asc" }) satisfies ItemList<ListedItem>;
  });

  fastify.get(`${prefix}/conversations/:id/items/:item`, async (request) => {
    return itemIn(await itemsOf(request), request).item;
  });

  fastify.delete(`${prefix}/conversations/:id/items/:item`, async (request) => {
    const { agent, name, session, messageIds } = itemIn(await itemsOf(request), request);
    await runs().sessions.deleteMessages(agent, name, messageIds, callerOf(request));
    return toConversation(session);
  });

  /** Those of all agents that have the conversation, agent by agent. */
  async function itemsOf(request: FastifyRequest): Promise<readonly FoundItem[]> {
    const found: FoundItem[] = [];
    for (const conversation of await findAll(request)) {
      const { agent, name } = conversation;
      const messages = await sessionMessages(runs(), agent, name, callerOf(request));
      found.push(...toItemSources(messages).map((source) => ({ ...conversation, ...source })));
    }
    return found;
  }
}

type FoundItem = Conversation & ItemSource;

function itemIn(sources: readonly FoundItem[], request: FastifyRequest): FoundItem {
  const { item: id } = paramsOf(request);
  const found = sources.find(({ item }) => item.id === id);
  if (found !== undefined) return found;
  throw notFound("item", id ?? "");
}

function paramsOf({ params }: FastifyRequest): { readonly id?: string; readonly item?: string } {
  return params as { readonly id?: string; readonly item?: string };
}

/** The messages of new items; ids of their own, since a history passes over those that it knows. */
function toMessages(items: readonly InputItem[], context: ProtocolContext): readonly Message[] {
  return toInputMessages(items, context, "items").map((message) =>
    Message.parse({ ...message, id: newMessageId() }),
  );
}

const MAX_ITEMS = 20;
/** An item may be two messages, and what is listed of those that were made is all of it. */
const MAX_LISTED = 2 * MAX_ITEMS;

const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, "may have 16 pairs at most")
  .nullish();
const items = Input.refine(({ length }) => length <= MAX_ITEMS, `may be ${MAX_ITEMS} at most`);
const NewConversation = z.object({ items: items.nullish(), metadata });
const ConversationChange = z.object({ metadata });
const NewItems = z.object({ items });
