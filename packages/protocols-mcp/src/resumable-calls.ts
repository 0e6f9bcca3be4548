import { setTimeout as sleep } from "node:timers/promises";
import {
  type Caller,
  type Logger,
  type ProtocolContext,
  type RunRecord,
  RuntimeError,
  type ServedAgent,
} from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type ActiveCall, ActiveCalls } from "./active-calls.ts";
import type { AgentCalls } from "./agent-calls.ts";
import { AgentToolInput } from "./agent-tool.ts";
import { type CallPlace, fromEventId } from "./call-place.ts";
import { callFrames, firstFrame, fromQuestionId } from "./call-stream.ts";
import { type ClientSession, runIdOf } from "./client-session.ts";
import { ElicitationAnswer } from "./elicitation.ts";
import { AnswerMessage, CancelMessage, type ToolCallMessage } from "./rpc-message.ts";
import { parseArguments } from "./served-tool.ts";
import { toErrorResult } from "./to-tool-result.ts";

/** A request, and who makes it. */
export interface ClientRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  /** Absent for clients that name none. */
  readonly session: ClientSession | undefined;
}

/**
 * Calls of agents by clients of 2025's revisions. Their streams can be resumed, and outlive the connection; what the
 * client says about a call comes in requests of its own, which any process may get.
 */
export class ResumableCalls {
  readonly #context: ProtocolContext;
  readonly #calls: AgentCalls;
  readonly #active = new ActiveCalls();
  readonly #closed = new AbortController();

  constructor(context: ProtocolContext, calls: AgentCalls) {
    this.#context = context;
    this.#calls = calls;
  }

  /** Answers a call with the stream of its run. */
  async call(agent: ServedAgent, message: ToolCallMessage, from: ClientRequest): Promise<unknown> {
    const { caller, session, request } = from;
    this.#context.assertRoom();
    const key = session === undefined ? undefined : runIdOf(session, message.id, caller);
    const { call, leave } = this.enter(key);
    try {
      const run = await this.#start(agent, message, call, from).catch((error: unknown) =>
        refusalOf(error, request.log),
      );
      if (RuntimeError.is(run)) return { jsonrpc: "2.0", id: message.id, result: toErrorResult(run) };
      const place: CallPlace = {
        agent: agent.name,
        runId: run.id,
        seq: -1,
        base: 0,
        requestId: message.id,
        token: message.params._meta?.progressToken ?? null,
      };
      // Clients of earlier revisions can't read an event that is empty.
      const empty = String(request.headers["mcp-protocol-version"] ?? "") >= "2025-11-25";
      return await this.#stream(place, call, from, empty ? firstFrame(place) : undefined);
    } finally {
      leave();
    }
  }

  /** Goes on with the stream of a call behind the event that the client knows. */
  async resume(eventId: string, from: ClientRequest): Promise<unknown> {
    const place = fromEventId(eventId);
    const { caller, session } = from;
    await this.#calls.get(place.agent, place.runId, caller);
    this.#context.assertRoom();
    const key = session === undefined ? undefined : runIdOf(session, place.requestId, caller);
    const { call, leave } = this.enter(key);
    call.runId = place.runId;
    try {
      return await this.#stream(place, call, from);
    } finally {
      leave();
    }
  }

  /** Notes a request that its client may cancel by another one. */
  enter(key: string | undefined): ReturnType<ActiveCalls["enter"]> {
    return this.#active.enter(key ?? crypto.randomUUID());
  }

  /** Does what a message asks that is about a call; other messages are passed over. */
  async hear(message: unknown, { caller, session, request }: Omit<ClientRequest, "reply">): Promise<void> {
    const cancel = CancelMessage.safeParse(message);
    if (cancel.success && session !== undefined) {
      await this.#cancel(runIdOf(session, cancel.data.params.requestId, caller), caller, request.log);
    }
    const answer = AnswerMessage.safeParse(message);
    if (!answer.success) return;
    const question = fromQuestionId(answer.data.id);
    if (question === undefined) return;
    const run = await this.#calls.get(question.agent, question.runId, caller);
    const given = ElicitationAnswer.safeParse(answer.data.result);
    // A client that can't ask its user is like a user that gives no answer.
    await this.#calls.answer(run, given.success ? given.data : { action: "cancel" }, caller);
  }

  /** Ends what belongs to no connection. */
  close(): void {
    this.#closed.abort();
  }

  async #cancel(key: string, caller: Caller, log: Logger): Promise<void> {
    for (const runId of new Set([...this.#active.cancel(key), key])) {
      const run = await this.#find(runId, caller);
      if (run === undefined) continue;
      this.#active.forget(key);
      await this.#calls.cancel(run, caller);
    }
    if (!this.#active.awaits(key)) return;
    this.#cancelLater(key, caller).catch((error) =>
      log.error({ err: error }, "a call could not be canceled"),
    );
  }

  /** Cancels a call that comes behind its cancellation: here or, as the store tells, in another process. */
  async #cancelLater(key: string, caller: Caller): Promise<void> {
    const { signal } = this.#closed;
    for (const delay of LOOKS) {
      const over = await sleep(delay, false, { signal, ref: false }).catch(() => true);
      if (over || !this.#active.awaits(key)) return;
      const run = await this.#find(key, caller);
      if (run === undefined) continue;
      this.#active.forget(key);
      return this.#calls.cancel(run, caller);
    }
    this.#active.forget(key);
  }

  async #start(
    agent: ServedAgent,
    { params }: ToolCallMessage,
    call: ActiveCall,
    { caller, session }: ClientRequest,
  ): Promise<RunRecord> {
    const args = await parseArguments(AgentToolInput, params.arguments);
    const { signal } = call.canceled;
    const runId = session === undefined ? undefined : call.key;
    const run = await this.#calls.start(agent, args, { caller, runId, canceled: signal.aborted });
    call.runId = run.id;
    if (signal.aborted) await this.#calls.cancel(run, caller);
    return run;
  }

  async #stream(
    place: CallPlace,
    { canceled }: ActiveCall,
    { caller, session, reply }: ClientRequest,
    first?: string | undefined,
  ): Promise<FastifyReply> {
    const options = { calls: this.#calls, caller, forms: session?.forms ?? false, canceled: canceled.signal };
    const source = async function* (signal: AbortSignal) {
      if (first !== undefined) yield first;
      yield* callFrames(place, { ...options, signal });
    };
    await this.#context.stream(reply, source, { retry: false });
    return reply;
  }

  async #find(runId: string, caller: Caller): Promise<RunRecord | undefined> {
    for (const { name } of this.#context.agents) {
      try {
        return await this.#calls.get(name, runId, caller);
      } catch (error) {
        if (!RuntimeError.is(error) || !GONE.has(error.code)) throw error;
      }
    }
    return undefined;
  }
}

// A server that takes on nothing says so to the client, not to its model.
function refusalOf(error: unknown, log: Logger): RuntimeError {
  const known = RuntimeError.from(error);
  if (known.code === "SERVICE_UNAVAILABLE") throw error;
  if (known.status >= 500) log.error({ err: error }, "a run could not be started");
  return known;
}

/** After how many milliseconds to look for a call that was canceled before it came; a good half minute in all. */
const LOOKS = [100, 400, 1500, 5000, 10_000, 15_000];

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
