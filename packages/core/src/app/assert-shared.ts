import { RuntimeError } from "../errors/runtime-error.ts";
import type { AppDefinition } from "./app-definition.ts";

/** Throws `CONFIGURATION_ERROR` where those who accept and those who execute would not have the same runs and tasks. */
export function assertShared({ options, tasks, hosted }: AppDefinition): void {
  const { dispatcher, runStore, taskQueue } = options;
  if (dispatcher === undefined) return;
  if (runStore === undefined) {
    const message = `${options.name} has a dispatcher, but no runStore that the processes share: add one, such as RedisRunStore.`;
    throw new RuntimeError("CONFIGURATION_ERROR", message);
  }
  const hasTasks = tasks.length > 0 || [...hosted.values()].some((app) => app.tasks.length > 0);
  if (hasTasks && taskQueue === undefined) {
    const message = `${options.name} has a dispatcher and tasks, but no taskQueue that the processes share: add one, such as BullMQTaskQueue.`;
    throw new RuntimeError("CONFIGURATION_ERROR", message);
  }
}
