import { type StreamResponse, type Task, taskStateToJSON } from "@a2a-js/sdk";

/** The state that a task is in, in A2A's words. */
export function stateOf({ status }: Pick<Task, "status">): string {
  return status === undefined ? "none" : taskStateToJSON(status.state);
}

/** The states that a stream tells of, in their order. */
export function statesOf(events: readonly StreamResponse[]): string[] {
  return events.flatMap(({ payload }) =>
    payload?.$case === "task" || payload?.$case === "statusUpdate" ? [stateOf(payload.value)] : [],
  );
}
