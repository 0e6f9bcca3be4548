import { isTerminal } from "@agentscope-runtime/agent-api";
import { type LogEntry, type RunRecord, RuntimeError } from "@agentscope-runtime/core";
import { toOpenAIError } from "./openai-error.ts";
import type { OpenAIEvent } from "./openai-event-state.ts";
import type { ResponseObject } from "./response-object.ts";
import { newOpenAIEventState, toOpenAIEvents } from "./to-openai-event.ts";

type Run = Pick<RunRecord, "request" | "session">;
type Batches = AsyncIterable<readonly LogEntry[]>;

/** A run as a Responses stream: what is there at once in one text, and `[DONE]` behind the terminal event. */
export async function* toFrames(run: Run, batches: Batches): AsyncGenerator<string> {
  const state = newOpenAIEventState(run);
  try {
    for await (const batch of batches) {
      let frames = "";
      for (const entry of batch) {
        for (const event of toOpenAIEvents(entry, state)) frames += toFrame(event);
        if (isLast(entry)) frames += "data: [DONE]\n\n";
        if (frames.length < MAX_FRAMES) continue;
        yield frames;
        frames = "";
      }
      if (frames !== "") yield frames;
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

function isLast({ event }: LogEntry): boolean {
  return event.object === "response" && isTerminal(event.status);
}

function toFrame(event: OpenAIEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** How many characters make up a write of their own. */
const MAX_FRAMES = 65_536;
