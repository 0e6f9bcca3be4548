import { setImmediate as nextTurn } from "node:timers/promises";
import { type AgentResponse, isTerminal } from "@agentscope-runtime/agent-api";
import { type LogEntry, type RunSummary, RuntimeError } from "@agentscope-runtime/core";
import { toOpenAIError } from "./openai-error.ts";
import type { OpenAIEvent } from "./openai-event-state.ts";
import { type ResponseObject, toResponseObject } from "./response-object.ts";
import { newOpenAIEventState, toOpenAIEvents } from "./to-openai-event.ts";

type Run = Pick<RunSummary, "request" | "session">;
type Batches = AsyncIterable<readonly LogEntry[]>;

type Read = (after: number) => Batches;

/**
 * A run as a Responses stream: the events with a number above `after`, what is there at once in one text, and `[DONE]`
 * behind the terminal event. `read` gives the entries of the log behind one of them.
 */
export async function* toFrames(run: Run, read: Read, after = -1): AsyncGenerator<string> {
  const state = newOpenAIEventState(run);
  try {
    for await (const batch of read(-1)) {
      let frames = "";
      for (const entry of batch) {
        let events = toOpenAIEvents(entry, state);
        const last = state.sequence - 1;
        // Of pieces that were joined to one the client may have some.
        if (last - after > 0 && last - after < (entry.count ?? 1)) {
          state.sequence = after + 1;
          events = toOpenAIEvents(await firstOf(read(entry.seq - (last - after))), state);
        }
        for (const event of events) if (event.sequence_number > after) frames += toFrame(event);
        if (isLast(entry)) frames += "data: [DONE]\n\n";
        if (frames.length < MAX_FRAMES) continue;
        yield frames;
        frames = "";
      }
      if (frames !== "") yield frames;
      // A long log of which nothing is sent would otherwise keep everybody else waiting.
      else await nextTurn();
    }
  } catch (error) {
    // The log can't be read to its end, so that no terminal event will come.
    const { message, code, param } = toOpenAIError(RuntimeError.from(error));
    yield toFrame({ type: "error", sequence_number: state.sequence, code, message, param } as OpenAIEvent);
    throw error;
  }
}

/** The response at the end of a run, or `undefined` if the log is not read to its end. */
export async function toFinalResponse(run: Run, batches: Batches): Promise<ResponseObject | undefined> {
  const state = newOpenAIEventState(run);
  for await (const batch of batches) {
    for (const entry of batch) {
      const last = toOpenAIEvents(entry, state).at(-1);
      if (isLast(entry)) return (last as OpenAIEvent & { readonly response: ResponseObject }).response;
    }
  }
  return undefined;
}

/** The response as it is by now. */
export async function toResponse(run: Run, batches: Batches): Promise<ResponseObject> {
  const state = newOpenAIEventState(run);
  let last: AgentResponse | undefined;
  for await (const batch of batches) {
    for (const entry of batch) {
      toOpenAIEvents(entry, state);
      if (entry.event.object === "response") last = entry.event;
    }
    await nextTurn();
  }
  if (last === undefined) throw new RuntimeError("INTERNAL_ERROR", "The response has no events.");
  return toResponseObject(last, state);
}

async function firstOf(batches: Batches): Promise<LogEntry> {
  for await (const [entry] of batches) if (entry !== undefined) return entry;
  throw new RuntimeError("RUN_EXPIRED", "The events of the response are no longer kept.");
}

function isLast({ event }: LogEntry): boolean {
  return event.object === "response" && isTerminal(event.status);
}

function toFrame(event: OpenAIEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** How many characters make up a write of their own. */
const MAX_FRAMES = 65_536;
