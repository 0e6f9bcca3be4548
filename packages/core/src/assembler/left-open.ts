import { isTerminal, type Message } from "@agentscope-runtime/agent-api";
import type { EventSequence } from "./event-sequence.ts";

/** Ends a message that nobody writes any more, with what there is of it; returns its JSON. */
export function endLeftOpen(events: EventSequence, message: Message): string {
  const content = (message.content ?? []).map((slot) => {
    if (slot.status !== null && isTerminal(slot.status)) return slot;
    const ended = { ...slot, status: "incomplete" as const, delta: false };
    events.emit(unnumbered(ended));
    return ended;
  });
  return events.emit(unnumbered({ ...message, status: "incomplete", content }));
}

/** The event's JSON after its number. */
function unnumbered(event: object): string {
  const { sequence_number, attempt, ...rest } = event as { sequence_number?: unknown; attempt?: unknown };
  return JSON.stringify(rest).slice(1);
}
