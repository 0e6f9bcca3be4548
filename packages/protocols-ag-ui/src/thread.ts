import type { Message } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type HostedAgent,
  type RunRecord,
  type RunSummary,
  type Runs,
  RuntimeError,
} from "@agentscope-runtime/core";
import { isWaiting, openInterruptIds } from "./interrupts.ts";

/** A run that waits for a person. */
export interface WaitingRun {
  readonly run: RunSummary;
  readonly interruptIds: readonly string[];
}

/** A thread of AG-UI: a session of one user with one agent, as far as its runs are kept. */
export class Thread {
  readonly id: string;
  readonly userId: string;
  readonly #runs: Runs;
  readonly #agent: HostedAgent;
  readonly #caller: Caller;

  constructor(runs: Runs, agent: HostedAgent, caller: Caller, id: string, userId: string | undefined) {
    this.#runs = runs;
    this.#agent = agent;
    this.#caller = caller;
    this.id = id;
    this.userId = caller.userId ?? userId ?? id;
    if (userId !== undefined && userId !== this.userId) {
      throw new RuntimeError("ACCESS_DENIED", "user_id names somebody else.");
    }
  }

  /** The newest runs, the newest first. */
  async latest(limit: number): Promise<readonly RunSummary[]> {
    const found: RunSummary[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#page(limit - found.length, cursor);
      found.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined && found.length < limit);
    return found;
  }

  /** All runs whose events are kept, the oldest first, but for those up to `after`. */
  async runs(after?: string): Promise<readonly RunSummary[]> {
    const found: RunSummary[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#page(after === undefined ? 100 : 10, cursor);
      for (const run of page.items) {
        if (run.id === after) return found.reverse();
        if (!run.expired) found.push(run);
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return found.reverse();
  }

  /** True if there is a run of that id that the caller may see. */
  async has(runId: string): Promise<boolean> {
    try {
      await this.#runs.get(this.#agent.name, runId, this.#caller);
      return true;
    } catch (error) {
      if (RuntimeError.is(error) && error.code === "RESOURCE_NOT_FOUND") return false;
      if (RuntimeError.is(error) && error.code === "RUN_EXPIRED") return true;
      throw error;
    }
  }

  /** What the run was asked with; nothing where that is no longer kept. */
  async input({ id }: RunSummary): Promise<readonly Message[]> {
    return (await this.#find(id))?.request.input ?? [];
  }

  /** The messages that a run has brought so far. */
  async output(run: RunSummary): Promise<readonly Message[]> {
    if (run.expired) return [];
    for await (const [entry] of this.#runs.join(run)) {
      return entry?.event.object === "response" ? (entry.event.output ?? []) : [];
    }
    return [];
  }

  /** The run that waits for a person, if the thread has come to one; `latest` are its newest runs. */
  async waiting(latest: readonly RunSummary[]): Promise<WaitingRun | undefined> {
    let run: RunSummary | undefined = latest[0];
    // An answer whose run has failed was not heard.
    while (run !== undefined && UNHEARD.has(run.status) && run.request.continues !== undefined) {
      run = await this.#find(run.request.continues);
    }
    if (run?.status !== "incomplete" || run.expired) return undefined;
    const response = await this.#runs.result(run.id);
    if (response === undefined || !isWaiting(response)) return undefined;
    return { run, interruptIds: openInterruptIds(response) };
  }

  /** The run that still waits for a person although a newer one, the last of the thread, was to bring the answer. */
  async waitingBehind(last: RunSummary): Promise<RunSummary | undefined> {
    if (!UNHEARD.has(last.status)) return undefined;
    return (await this.waiting([last]))?.run;
  }

  /** True if the app's history knows the session, though its runs may be gone. */
  async isRemembered(): Promise<boolean> {
    try {
      const name = { sessionId: this.id, userId: this.userId };
      const session = await this.#runs.sessions.get(this.#agent, name, this.#caller);
      return session.messageCount > 0;
    } catch (error) {
      if (RuntimeError.is(error) && NO_HISTORY.has(error.code)) return false;
      throw error;
    }
  }

  async #find(runId: string): Promise<RunRecord | undefined> {
    try {
      return await this.#runs.get(this.#agent.name, runId, this.#caller);
    } catch (error) {
      if (RuntimeError.is(error) && (error.code === "RESOURCE_NOT_FOUND" || error.code === "RUN_EXPIRED"))
        return undefined;
      throw error;
    }
  }

  #page(limit: number, cursor?: string): ReturnType<Runs["list"]> {
    const filter = { agent: this.#agent.name, userId: this.userId, sessionId: this.id, limit, cursor };
    return this.#runs.list(filter, this.#caller);
  }
}

const UNHEARD: ReadonlySet<string> = new Set(["failed", "rejected"]);
const NO_HISTORY: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "UNSUPPORTED"]);
