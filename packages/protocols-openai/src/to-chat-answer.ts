import { isTerminal } from "@agentscope-runtime/agent-api";
import { type LogEntry, type RunSummary, RuntimeError } from "@agentscope-runtime/core";
import type { ChatEvent } from "./chat-chunk.ts";
import { type ChatCompletion, toChatCompletion } from "./chat-completion.ts";
import { chatFailure } from "./chat-end.ts";
import { toOpenAIError } from "./openai-error.ts";
import { newChatChunkState, toChatChunks } from "./to-chat-chunk.ts";

type Run = Pick<RunSummary, "request" | "session">;
type Batches = AsyncIterable<readonly LogEntry[]>;

/** A run as a Chat Completions stream: what is there at once in one text, and `[DONE]` at its end. */
export async function* toChatFrames(run: Run, batches: Batches): AsyncGenerator<string> {
  const state = newChatChunkState(run);
  try {
    for await (const batch of batches) {
      let frames = "";
      for (const entry of batch) {
        for (const event of toChatChunks(entry, state)) frames += toFrame(event);
        if (isLast(entry)) frames += "data: [DONE]\n\n";
        if (frames.length < MAX_FRAMES) continue;
        yield frames;
        frames = "";
      }
      if (frames !== "") yield frames;
    }
  } catch (error) {
    // The log can't be read to its end, so that no terminal event will come.
    yield toFrame({ error: toOpenAIError(RuntimeError.from(error)) });
    throw error;
  }
}

/**
 * The completion at the end of a run, or `undefined` if the log is not read to its end. Rejects where the run has
 * failed, was rejected or canceled.
 */
export async function toFinalCompletion(run: Run, batches: Batches): Promise<ChatCompletion | undefined> {
  let state = newChatChunkState(run);
  let events: ChatEvent[] = [];
  for await (const batch of batches) {
    for (const entry of batch) {
      const { event } = entry;
      const { attempt = 1 } = event;
      if (event.object === "response" && attempt > state.attempt) {
        // Another attempt supersedes what the earlier ones had made.
        state = { ...newChatChunkState(run), attempt };
        events = [];
      }
      events.push(...toChatChunks(entry, state));
      if (event.object !== "response" || !isLast(entry)) continue;
      const failure = chatFailure(event);
      if (failure !== undefined) throw failure;
      return toChatCompletion(events, event, state);
    }
  }
  return undefined;
}

function isLast({ event }: LogEntry): boolean {
  return event.object === "response" && isTerminal(event.status);
}

function toFrame(event: ChatEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** How many characters make up a write of their own. */
const MAX_FRAMES = 65_536;
