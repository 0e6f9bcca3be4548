import { AgentRequest, isTerminal, type MessageInput } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type CancelRequest,
  type ProtocolContext,
  type RunRecord,
  type Runs,
  RuntimeError,
  type ServedAgent,
} from "@agentscope-runtime/core";
import type { AgentToolInput } from "./agent-tool.ts";
import { type AskedInput, toAskedInput } from "./asked-input.ts";
import { type ElicitationAnswer, toAnswerMessages, toApproval, toUserMessage } from "./elicitation.ts";
import { fromSessionUri } from "./session-address.ts";

export interface StartCallOptions {
  readonly caller: Caller;
  readonly runId?: string | undefined;
  /** Whether the client has given the call up already: then its handler is not called. */
  readonly canceled?: boolean | undefined;
}

/** Calls of agents as runs: each call is a run, and one more for each answer of a person. */
export class AgentCalls {
  readonly #context: Pick<ProtocolContext, "agents" | "runs">;
  /** Those who wait here for the run that continues another. */
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(context: Pick<ProtocolContext, "agents" | "runs">) {
    this.#context = context;
  }

  get runs(): Runs {
    return this.#context.runs();
  }

  /** Starts the run of a call. A `runId` that is taken already is passed over for a new one. */
  async start(
    agent: ServedAgent,
    { message, session_id, continues, approvals = [] }: AgentToolInput,
    { caller, runId, canceled = false }: StartCallOptions,
  ): Promise<RunRecord> {
    const input = approvals.map(toApproval);
    if (message !== undefined) input.push(toUserMessage(message));
    const ids = { ...toIds(agent, session_id), ...(continues === undefined ? {} : { continues }) };
    try {
      return await this.#start(agent, { ...ids, id: runId, input }, caller, canceled);
    } catch (error) {
      // A client that has begun to count its requests anew.
      if (runId !== undefined && isConflict(error))
        return this.#start(agent, { ...ids, input }, caller, canceled);
      throw error;
    }
  }

  /** The run of that id, if the caller may see it. */
  get(agent: string, runId: string, caller: Caller): Promise<RunRecord> {
    return this.runs.get(agent, runId, caller);
  }

  /** What the ended run asks of a person in a form, if it does. */
  async askedBy(run: RunRecord): Promise<AskedInput | undefined> {
    const response = isTerminal(run.status) ? await this.runs.result(run.id) : undefined;
    return response === undefined ? undefined : toAskedInput(response);
  }

  /** Hands a run the answer it waits for, and resolves to the run that goes on with it: the same for the same question. */
  async answer(run: RunRecord, answer: ElicitationAnswer, caller: Caller): Promise<RunRecord> {
    const asked = await this.askedBy(run);
    const served = this.#served(run);
    if (asked === undefined || served === undefined) {
      throw new RuntimeError("INVALID_PARAMETER", `The run ${run.id} waits for no answer.`);
    }
    // Somebody else may have been asked as well.
    const next = await this.continued(run, caller);
    if (next !== undefined) {
      this.#tell(run.id);
      return next;
    }
    return this.#continue(served, run, toAnswerMessages(asked, answer), caller);
  }

  /** The run that continues another, whoever has started it, or `undefined` where there is none yet. */
  async continued({ id, session }: RunRecord, caller: Caller): Promise<RunRecord | undefined> {
    let cursor: string | undefined;
    let left = RECENT;
    do {
      const { items, nextCursor } = await this.runs.list({ ...session, limit: left, cursor }, caller);
      const next = items.find(({ request }) => request.continues === id);
      if (next !== undefined) return this.get(session.agent, next.id, caller);
      left -= items.length;
      cursor = nextCursor;
    } while (cursor !== undefined && left > 0);
    return undefined;
  }

  /** Waits for the run that continues another; `undefined` once `signal` has aborted. */
  async nextOf(run: RunRecord, caller: Caller, signal: AbortSignal): Promise<RunRecord | undefined> {
    while (!signal.aborted) {
      const { told, forget } = this.#listen(run.id, signal);
      try {
        const next = await this.continued(run, caller);
        if (next !== undefined) return next;
        await told;
      } finally {
        forget();
      }
    }
    return undefined;
  }

  /** Asks for the end of a call: of the last of its runs. Where that waits for a person, nobody can answer it any more. */
  async cancel(run: RunRecord, caller: Caller): Promise<void> {
    let last = run;
    while (last.status === "incomplete") {
      const next = (await this.continued(last, caller)) ?? (await this.#abandon(last, caller));
      if (next === undefined) return;
      last = next;
    }
    await this.runs.cancel(last.id, CANCEL);
  }

  /** Has a canceled run stand where the answer would; resolves to what stands there, or `undefined` where nothing is asked. */
  async #abandon(run: RunRecord, caller: Caller): Promise<RunRecord | undefined> {
    const served = this.#served(run);
    if (served === undefined || (await this.askedBy(run)) === undefined) return undefined;
    return this.#continue(served, run, [], caller, true);
  }

  #served({ session }: RunRecord): ServedAgent | undefined {
    return this.#context.agents.find(({ name }) => name === session.agent);
  }

  /** Starts the run that continues another, or resolves to the one that somebody has started meanwhile. */
  async #continue(
    served: ServedAgent,
    run: RunRecord,
    input: readonly MessageInput[],
    caller: Caller,
    canceled = false,
  ): Promise<RunRecord> {
    const { sessionId, userId } = run.session;
    const request = { session_id: sessionId, user_id: userId, continues: run.id, input };
    try {
      return await this.#start(served, request, caller, canceled);
    } catch (error) {
      const isAnswered = RuntimeError.is(error) && error.code === "RUN_ANSWERED";
      const next = isAnswered ? await this.continued(run, caller) : undefined;
      if (next === undefined) throw error;
      return next;
    }
  }

  async #start(
    agent: ServedAgent,
    request: Readonly<Record<string, unknown>> & { readonly input: readonly MessageInput[] },
    caller: Caller,
    canceled = false,
  ): Promise<RunRecord> {
    const parsed = AgentRequest.parse(request);
    const cancel = canceled ? CANCEL : undefined;
    const { run } = await this.runs.start(agent.agent(), parsed, { caller, cancel });
    if (parsed.continues !== undefined) this.#tell(parsed.continues);
    return run;
  }

  /** Has those look who wait here for the run that continues another. */
  #tell(runId: string): void {
    for (const tell of this.#waiting.get(runId) ?? []) tell();
  }

  /** Tells when to look for the run that continues another. */
  #listen(runId: string, signal: AbortSignal): { readonly told: Promise<void>; readonly forget: () => void } {
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const others = this.#waiting.get(runId) ?? new Set();
    this.#waiting.set(runId, others.add(resolve));
    const abort = () => resolve();
    signal.addEventListener("abort", abort);
    // Another process may have been given the answer, and tells nobody here.
    const timer = setTimeout(resolve, LOOK_AGAIN);
    const forget = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      others.delete(resolve);
      if (others.size === 0) this.#waiting.delete(runId);
    };
    return { told, forget };
  }
}

/** The session that a client names by its id, or by its address as a resource. */
function toIds(agent: ServedAgent, session: string | undefined): object {
  const address = fromSessionUri(session ?? "");
  if (address === undefined) return { session_id: session };
  if (address.agent === agent.name) return { session_id: address.sessionId, user_id: address.userId };
  throw new RuntimeError("INVALID_PARAMETER", `${session} is a session of another agent.`);
}

function isConflict(error: unknown): boolean {
  return RuntimeError.is(error) && error.code === "RUN_ID_CONFLICT";
}

const CANCEL: CancelRequest = { reason: "The client has canceled the request." };

/** How many runs of a session to look through for the one that continues another. */
const RECENT = 100;

/** After how many milliseconds to look again for an answer that another process was given. */
const LOOK_AGAIN = 1000;
