import type { PrintingAgent } from "../agent/printing-agent.ts";
import { streamTask } from "../iteration/stream-task.ts";
import type { Msg } from "../message/msg.ts";

export interface StreamPrintingMessagesOptions {
  /** Whose messages to stream. */
  readonly agents: readonly PrintingAgent[];
  /** The work to watch. It starts with the iteration; its signal aborts when the consumer leaves or `signal` aborts. */
  readonly task: (signal: AbortSignal) => Promise<unknown>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields every snapshot that the agents print while `task` runs. Snapshots of one message share its id and hold all of it
 * so far; `last` is true once for every id. An error of the task is thrown after everything that was printed. The loop
 * ends, left early or not, when the task has settled.
 */
export function streamPrintingMessages({
  agents,
  task,
  signal,
}: StreamPrintingMessagesOptions): AsyncGenerator<readonly [message: Msg, last: boolean], void> {
  return streamTask({
    signal,
    task: async (push, taskSignal) => {
      const unsubscribes = agents.map((agent) => agent.onPrint((message, last) => push([message, last])));
      try {
        await task(taskSignal);
      } finally {
        for (const unsubscribe of unsubscribes) unsubscribe();
      }
    },
  });
}
