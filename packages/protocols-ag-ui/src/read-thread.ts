import { type AGUIEvent, EventType, type Message } from "@ag-ui/core";
import type { AgentResponse } from "@agentscope-runtime/agent-api";
import type { LogEntry, RunSummary, Runs } from "@agentscope-runtime/core";
import type { AgUiEventState } from "./ag-ui-event-state.ts";
import { readEvents } from "./read-run.ts";
import { reopenAll, startRun } from "./run-events.ts";
import type { Thread } from "./thread.ts";
import { adoptMessages, newAgUiEventState, toTypedEvents } from "./to-ag-ui-event.ts";
import { type Turn, toTypedMessages } from "./to-ag-ui-messages.ts";

type Events = AsyncGenerator<readonly AGUIEvent[], undefined>;

/**
 * A thread for somebody who joins it, of which these are the runs: the conversation so far as a snapshot, told within the
 * latest run, and what follows until no run is left that goes on. Where the latest has failed to hear an answer, it is told
 * within the run that asked, whose questions are open again.
 */
export async function* readThread(
  runs: Runs,
  thread: Thread,
  known: readonly RunSummary[],
  signal: AbortSignal,
): Events {
  const past: Past = { turns: [], agreed: null };
  for (let next = known; next.length > 0; next = await thread.runs(next.at(-1)?.id)) {
    for (const run of next) {
      const asking = run === next.at(-1) ? await thread.waitingBehind(run) : undefined;
      const isShown = run.completedAt === undefined || (run === next.at(-1) && asking === undefined);
      yield* readRun(runs, thread, run, past, isShown, signal);
      if (signal.aborted) return;
      if (asking !== undefined) yield* readEnd(runs, asking, past, signal);
    }
  }
}

/** What came before a run. */
interface Past {
  readonly turns: Turn[];
  /** The agent's state, if it has told of it. */
  agreed: AgUiEventState["agreed"];
}

async function* readRun(
  runs: Runs,
  thread: Thread,
  run: RunSummary,
  past: Past,
  isShown: boolean,
  signal: AbortSignal,
): Events {
  const input = await thread.input(run);
  const state = newAgUiEventState(run);
  const entries = new Joined(runs.join(run, signal));
  try {
    const output = (await entries.first())?.output ?? [];
    const { response } = entries;
    if (response === undefined) return;
    adoptMessages(output, state);
    if (isShown) {
      const now = { turns: [...past.turns, { input, output }], agreed: state.agreed ?? past.agreed };
      yield [...toSnapshot(now, state), ...toTypedEvents(response, state)];
    }
    yield* readEvents(entries.others(), state);
    past.turns.push({ input, output: entries.response?.output ?? [] });
    past.agreed = state.agreed ?? past.agreed;
  } finally {
    await entries.close();
  }
}

/** How a run has ended, told behind all that came after it. */
async function* readEnd(runs: Runs, run: RunSummary, past: Past, signal: AbortSignal): Events {
  const response = await runs.result(run.id, signal);
  if (response === undefined) return;
  const state = newAgUiEventState(run);
  adoptMessages(response.output ?? [], state);
  yield [...toSnapshot(past, state), ...toTypedEvents(response, state)];
}

/** The opening of a run for a client that knows nothing of it, or something out of date. */
function toSnapshot({ turns, agreed }: Past, state: AgUiEventState): AGUIEvent[] {
  const events: AGUIEvent[] = [];
  const emit = (event: AGUIEvent) => events.push(event);
  startRun(state, emit);
  if (agreed !== null) emit({ type: EventType.STATE_SNAPSHOT, snapshot: agreed.value });
  emit({ type: EventType.MESSAGES_SNAPSHOT, messages: newestOf(toTypedMessages(turns)) });
  reopenAll(state, emit);
  return events;
}

/** As many of the newest messages as a client takes in one event. */
function newestOf(messages: readonly Message[]): Message[] {
  let room = MAX_SNAPSHOT;
  const from = messages.findLastIndex((message) => {
    room -= JSON.stringify(message).length;
    return room < 0;
  });
  return messages.slice(from + 1);
}

/** In characters; the SDK's client gives up on an event of 10 million. */
const MAX_SNAPSHOT = 5_000_000;

/** A run that is joined: its snapshot first, then what follows. */
class Joined {
  /** The response as the last event of it says. */
  response: AgentResponse | undefined;
  readonly #batches: AsyncIterator<readonly LogEntry[]>;

  constructor(batches: AsyncIterable<readonly LogEntry[]>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  async first(): Promise<AgentResponse | undefined> {
    await this.#next();
    return this.response;
  }

  async *others(): AsyncGenerator<readonly LogEntry[], undefined> {
    for (let batch = await this.#next(); batch !== undefined; batch = await this.#next()) yield batch;
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  async #next(): Promise<readonly LogEntry[] | undefined> {
    const next = await this.#batches.next();
    if (next.done === true) return undefined;
    const event = next.value.at(-1)?.event;
    if (event?.object === "response") this.response = event;
    return next.value;
  }
}
