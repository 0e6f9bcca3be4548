import type { Caller, ProtocolContext, RunSummary } from "@agentscope-runtime/core";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { isStored, type StoredCompletion, toStoredCompletion } from "./find-completion.ts";
import { itemListFields } from "./item-list.ts";
import { parameterError } from "./openai-error.ts";
import { parseParams } from "./parse-params.ts";

/** `GET /chat/completions`: the caller's completions that were to be stored. */
export function chatListRoute(context: ProtocolContext): (request: FastifyRequest) => Promise<unknown> {
  return async (request) => {
    const { limit, order, after, ...filter } = toQuery(request.query);
    const caller = context.callerOf(request);
    const stored = await storedRuns(context, caller, filter);
    const ordered = order === "asc" ? stored.reverse() : stored;
    const at = after === undefined ? -1 : ordered.findIndex(({ id }) => id === after);
    if (after !== undefined && at === -1) {
      throw parameterError("after", "invalid_value", `after: there is no completion '${after}'.`);
    }
    const data: StoredCompletion[] = [];
    for (const { agent, id } of ordered.slice(at + 1, at + 1 + limit)) {
      const run = await context.runs().get(agent, id, caller);
      const completion = await toStoredCompletion(context, run);
      if (completion !== undefined) data.push(completion);
    }
    return {
      object: "list",
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: at + 1 + limit < ordered.length,
    };
  };
}

/** A completion that was found: there may be many of them. */
interface StoredRun {
  readonly agent: string;
  readonly id: string;
  readonly createdAt: number;
}

/** The newest first. */
async function storedRuns(
  { agents, runs }: ProtocolContext,
  caller: Caller,
  filter: Filter,
): Promise<StoredRun[]> {
  const found: StoredRun[] = [];
  for (const { name: agent } of agents) {
    let cursor: string | undefined;
    do {
      const page = await runs().list({ agent, limit: 1000, cursor }, caller);
      for (const run of page.items) {
        if (!isStored(run) || !fits(run, filter)) continue;
        found.push({ agent, id: run.id, createdAt: run.createdAt });
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
  return agents.length < 2 ? found : found.sort((one, other) => other.createdAt - one.createdAt);
}

interface Filter {
  readonly model?: string | undefined;
  readonly metadata: readonly (readonly [string, string])[];
}

function fits({ request, session }: RunSummary, { model, metadata }: Filter): boolean {
  if (model !== undefined && model !== (request.model ?? session.agent)) return false;
  const said = new Map(Object.entries(request.metadata ?? {}));
  return metadata.every(([key, value]) => said.get(key) === value);
}

function toQuery(query: unknown): z.output<typeof Query> & Filter {
  const { limit, order, after, model, ...others } = parseParams(Query, query);
  const metadata = Object.entries(others).flatMap(([name, value]) => {
    const [, key] = METADATA.exec(name) ?? [];
    return key === undefined ? [] : [[key, String(value)] as const];
  });
  return { limit, order, after, model, metadata };
}

const METADATA = /^metadata\[(.*)\]$/s;

const Query = z.looseObject({ ...itemListFields("asc"), model: z.string().optional() });
