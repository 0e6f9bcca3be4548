import { type AGUIEvent, EventType } from "@ag-ui/core";
import type { LogEntry } from "@agentscope-runtime/core";
import { RuntimeError } from "@agentscope-runtime/core";
import type { AgUiEventState } from "./ag-ui-event-state.ts";
import { toTypedEvents } from "./to-ag-ui-event.ts";

/** The events of a run, as many at once as are there. */
export async function* readEvents(
  batches: AsyncIterable<readonly LogEntry[]>,
  state: AgUiEventState,
): AsyncGenerator<readonly AGUIEvent[]> {
  for await (const batch of batches) {
    let events: AGUIEvent[] = [];
    for (const { event } of batch) {
      events.push(...toTypedEvents(event, state));
      if (events.length < MAX_EVENTS) continue;
      yield events;
      events = [];
    }
    if (events.length > 0) yield events;
  }
}

/**
 * A stream that ends as AG-UI has it: where what it tells of could not be told to its end, with an error that says so. A
 * client would take a stream that just stops for a run that has completed.
 */
export async function* toStream(
  source: AsyncIterable<readonly AGUIEvent[]>,
): AsyncGenerator<readonly AGUIEvent[]> {
  let open = true;
  try {
    for await (const events of source) {
      yield events;
      for (const { type } of events) open = type !== EventType.RUN_FINISHED && type !== EventType.RUN_ERROR;
    }
  } catch (error) {
    const { message, code } = RuntimeError.from(error);
    yield [{ type: EventType.RUN_ERROR, message, code }];
    throw error;
  }
  if (!open) return;
  const message = "The stream ends before its run: connect to the thread to see the rest.";
  yield [{ type: EventType.RUN_ERROR, message, code: "SERVICE_UNAVAILABLE" }];
}

/** How many events are written at once. */
const MAX_EVENTS = 256;
