import { StreamResponse, Task } from "@a2a-js/sdk";
import type { A2AEvent, A2ATask } from "@agentscope-runtime/protocols-a2a";
import { joinTexts, reduceEvents } from "./reduce-events.ts";

/** The state and the artifacts that a stream of the SDK's client comes to, however its texts were cut. */
export function reduceStream(events: readonly StreamResponse[]): object {
  return outcomeOf(reduceEvents(events.map((event) => StreamResponse.toJSON(event) as A2AEvent)));
}

/** The state and the artifacts of a task of the SDK's client. */
export function outcomeOfTask(task: Task): object {
  return outcomeOf(Task.toJSON(task) as A2ATask);
}

function outcomeOf({ status: { state }, artifacts }: A2ATask): object {
  return { state, artifacts: joinTexts(artifacts) };
}
