import { type AgentResponse, isTerminal } from "@agentscope-runtime/agent-api";
import type { Caller, LogEntry, RunRecord } from "@agentscope-runtime/core";
import { z } from "zod";
import type { AgentCalls } from "./agent-calls.ts";
import { type CallPlace, toEventId } from "./call-place.ts";
import { toQuestion } from "./elicitation.ts";
import { joinProgress, newMcpProgressState, toMcpProgress } from "./to-mcp-progress.ts";
import { toToolResult } from "./to-tool-result.ts";

export interface CallStreamOptions {
  readonly calls: AgentCalls;
  readonly caller: Caller;
  /** Whether the client can be asked for the answers that a run waits for. */
  readonly forms: boolean;
  /** Aborts when nobody reads any more. */
  readonly signal: AbortSignal;
  /** Aborts when the client gives the call up, and with it what it was asked. */
  readonly canceled: AbortSignal;
}

/**
 * The stream of a call from a place on: progress, questions to the user, and the result. It is made of nothing but the
 * logs of the call's runs, so that it is the same for whoever comes back to it, wherever and whenever.
 */
export async function* callFrames(
  place: CallPlace,
  options: CallStreamOptions,
): AsyncGenerator<string, void> {
  const { calls, caller, forms, signal, canceled } = options;
  const waits = AbortSignal.any([signal, canceled]);
  let at = place;
  while (!signal.aborted) {
    const run = await calls.get(at.agent, at.runId, caller);
    const { response, seq } = yield* progressFrames(run, at, options);
    if (response === undefined) return;
    const isNew = seq > at.seq;
    at = { ...at, seq };
    const params = forms ? toQuestion(response) : undefined;
    const result = { id: at.requestId, result: toToolResult(response) };
    if (params === undefined) {
      if (isNew) yield toFrame(at, result);
      return;
    }
    if (isNew) yield toFrame(at, { id: toQuestionId(run), method: "elicitation/create", params });
    const next = await calls.nextOf(run, caller, waits);
    if (next === undefined) {
      if (!signal.aborted) yield toFrame(at, result);
      return;
    }
    at = { ...at, runId: next.id, seq: -1, base: at.base + seq + 1 };
  }
}

/** An event without content, by whose id a client that is cut off at once can come back. */
export function firstFrame(place: CallPlace): string {
  return `id: ${toEventId(place)}\ndata: \n\n`;
}

/** The id of the question that an ended run stands for. */
export function toQuestionId({ id, session: { agent } }: Pick<RunRecord, "id" | "session">): string {
  return JSON.stringify(["question", agent, id]);
}

/** The run whose question has that id, or `undefined` if it is no question's. */
export function fromQuestionId(
  id: string | number,
): { readonly agent: string; readonly runId: string } | undefined {
  try {
    const [, agent, runId] = QuestionId.parse(JSON.parse(String(id)));
    return { agent, runId };
  } catch {
    return undefined;
  }
}

const QuestionId = z.tuple([z.literal("question"), z.string(), z.string()]);

interface RunEnd {
  readonly response: AgentResponse | undefined;
  readonly seq: number;
}

async function* progressFrames(
  run: RunRecord,
  place: CallPlace,
  { calls, signal }: CallStreamOptions,
): AsyncGenerator<string, RunEnd> {
  const { token } = place;
  const state = newMcpProgressState(place.base);
  // What the messages before the place are is all that is still to be known of them.
  for await (const batch of known(run, place, calls, signal))
    for (const entry of batch) toMcpProgress(entry, state);
  for await (const batch of calls.runs.read(run.id, { after: place.seq, follow: true, signal })) {
    const progress = joinProgress(batch.flatMap((entry) => toMcpProgress(entry, state)));
    const last = batch.at(-1) as LogEntry;
    if (progress !== undefined && token !== null) {
      const params = { progressToken: token, ...progress };
      yield toFrame(
        { ...place, seq: progress.progress - place.base - 1 },
        { method: "notifications/progress", params },
      );
    }
    if (last.event.object === "response" && isTerminal(last.event.status)) {
      return { response: last.event, seq: last.seq };
    }
  }
  // Whoever has seen the last entry is here for what follows it.
  const response = run.completedAt === undefined ? undefined : await calls.runs.result(run.id, signal);
  return { response, seq: run.lastSeq };
}

async function* known(
  run: RunRecord,
  { seq }: CallPlace,
  calls: AgentCalls,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEntry[]> {
  if (seq < 0) return;
  for await (const batch of calls.runs.read(run.id, { signal })) {
    yield batch.filter((entry) => entry.seq <= seq);
    if ((batch.at(-1)?.seq ?? 0) >= seq) return;
  }
}

function toFrame(place: CallPlace, message: object): string {
  return `event: message\nid: ${toEventId(place)}\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`;
}
