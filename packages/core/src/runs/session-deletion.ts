import { setTimeout as sleep } from "node:timers/promises";
import { AgentRequest, newResponseId } from "@agentscope-runtime/agent-api";
import { MessageAssembler } from "../assembler/message-assembler.ts";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { CancelRequest, RunLease, RunStore, RunSummary } from "../contracts/run-store.ts";
import { type RunSession, type RunSessionHandle, sessionKeyText } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import type { ExecutionEnd } from "./run-execution.ts";
import { canceledOutcome } from "./run-outcome.ts";
import { sessionServices } from "./session-services.ts";

export interface SessionDeletionOptions {
  readonly store: RunStore;
  readonly owner: string;
  readonly now: () => number;
  readonly cancel: (runId: string, cancel: CancelRequest) => Promise<unknown>;
  /** Is told of the end of what stood in a session's line. */
  readonly onEnd: (lease: RunLease, end: ExecutionEnd) => Promise<void>;
}

/** True for what is no run, but the place of a deletion in its session's line. */
export function isDeletion({ request }: RunSummary): boolean {
  return request.continues === DELETION.continues;
}

/**
 * Deletes sessions with all there is of them. It stands in the session's line like a run, one that never has a handler:
 * so it waits for those ahead, which it cancels, and gets a fence that is higher than theirs.
 */
export class SessionDeletion {
  readonly #options: SessionDeletionOptions;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: SessionDeletionOptions) {
    this.#options = options;
  }

  /**
   * Cancels the session's runs, waits until they have settled, and deletes runs, memories, state and history. Does and
   * leaves nothing where there is nothing of the session. Where it
   * fails in the middle it can be done again. Rejects with `SESSION_BUSY` if runs keep the session for too long.
   */
  delete(agent: HostedAgent, session: RunSession): Promise<void> {
    const key = sessionKeyText(session);
    const deletion =
      this.#underWay.get(key) ?? this.#delete(agent, session).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, deletion);
    return deletion;
  }

  async #delete(agent: HostedAgent, session: RunSession): Promise<void> {
    const { store } = this.#options;
    const { cancelGrace, settleTimeout } = agent.limits;
    if (!(await isKnown(store, agent, session))) return;
    const late = AbortSignal.timeout(cancelGrace + settleTimeout + store.leaseTtl);
    for (;;) {
      const fence = await this.#turn(session, late);
      try {
        // The runs first: one that begins from now on has a higher fence, and what it has touched refuses to be deleted.
        await store.deleteSession(session);
        await forget(agent, { ...session, fence });
        return;
      } catch (error) {
        if (!isOvertaken(error)) throw error;
        if (late.aborted) throw busy(session, error);
      }
      // Of two processes that delete the same session, one shall be the first.
      await sleep(Math.random() * 50);
    }
  }

  /** Resolves to the session's fence once every run has settled that was there. */
  async #turn(session: RunSession, late: AbortSignal): Promise<number> {
    const { store } = this.#options;
    await this.#cancelRuns(session);
    const { lease, end } = await this.#enqueue(session);
    try {
      // Where this process dies, nobody takes it for a run whose handler is to be started.
      await store.requestCancel(lease.runId, DELETED);
      return await store.waitTurn(lease, late);
    } catch (error) {
      throw late.aborted ? busy(session, error) : error;
    } finally {
      await this.#leave(lease, end);
    }
  }

  async #cancelRuns(session: RunSession): Promise<void> {
    const { store, cancel } = this.#options;
    for (const status of ["queued", "created", "in_progress"] as const) {
      let cursor: string | undefined;
      do {
        const { items, nextCursor } = await store.list({ ...session, status, limit: 1000, cursor });
        await Promise.all(items.map(({ id }) => cancel(id, DELETED)));
        cursor = nextCursor;
      } while (cursor !== undefined);
    }
  }

  async #enqueue(session: RunSession): Promise<{ readonly lease: RunLease; readonly end: LogEntry }> {
    const { store, owner, now } = this.#options;
    const id = newResponseId();
    const ids = { id, session_id: session.sessionId, user_id: session.userId, ...DELETION };
    const assembler = new MessageAssembler({ responseId: id, sessionId: session.sessionId, now });
    assembler.status("created");
    const [created] = assembler.take();
    const result = await store.create({
      session,
      request: { ...AgentRequest.parse({ input: [], on_disconnect: "cancel" }), ...ids },
      createdAt: now(),
      created: created as LogEntry,
      policy: "interrupt",
      maxQueued: 0,
      owner,
    });
    if (result.kind !== "created") throw new RuntimeError("INTERNAL_ERROR", "The deletion has no place.");
    return { lease: result.lease, end: assembler.terminal(canceledOutcome(DELETED)) };
  }

  /** Makes room for what comes behind, at once or, if the store fails, as soon as that can be done. */
  async #leave(lease: RunLease, end: LogEntry): Promise<void> {
    const { store, onEnd } = this.#options;
    let left: ExecutionEnd = { settled: false };
    try {
      await store.finish(lease, "canceled", [end]);
      left = { settled: true, next: await store.release(lease) };
    } catch (error) {
      if (isOvertaken(error)) left = { settled: true };
    }
    await onEnd(lease, left);
  }
}

const DELETED: CancelRequest = { reason: "The session is deleted." };

/** Marks the place of a deletion: as no request from outside can be, where an empty id is refused. */
const DELETION = { continues: "" } as const;

/** Whether there is anything of a session. */
async function isKnown(store: RunStore, agent: HostedAgent, session: RunSession): Promise<boolean> {
  const { states, histories, memories } = sessionServices(agent);
  const { items } = await store.list({ ...session, limit: 1 });
  if (items.length > 0) return true;
  for (const state of states) if ((await state.exportState(session)) !== undefined) return true;
  for (const history of histories) if ((await history.getSession(session)) !== undefined) return true;
  for (const memory of memories) {
    if ((await memory.listMemory(session, { limit: 1 })).items.length > 0) return true;
  }
  return false;
}

/** Deletes what the services keep of a session; the history, by which it is found, at last. */
async function forget(agent: HostedAgent, session: RunSessionHandle): Promise<void> {
  const { states, histories, memories } = sessionServices(agent);
  for (const memory of memories) {
    // Adds nothing, but shows the fence, which a deletion of memories does not tell.
    await memory.addMemory(session, []);
    await memory.deleteMemory(session);
  }
  for (const state of states) await state.deleteState(session);
  for (const history of histories) await history.deleteSession(session);
}

/** True where a newer run has the session. */
function isOvertaken(error: unknown): boolean {
  return RuntimeError.is(error) && (error.code === "SESSION_BUSY" || error.code === "FENCED");
}

function busy({ sessionId }: RunSession, cause: unknown): RuntimeError {
  const message = `The runs of session ${sessionId} have not ended in time: delete it again.`;
  return new RuntimeError("SESSION_BUSY", message, { cause });
}
