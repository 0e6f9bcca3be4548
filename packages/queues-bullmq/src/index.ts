export { BullMQRunDispatcher, type BullMQRunDispatcherOptions } from "./bullmq-run-dispatcher.ts";
export { BullMQTaskQueue, type BullMQTaskQueueOptions } from "./bullmq-task-queue.ts";
export type { BullMQConnectionOptions, BullMQOptions } from "./connection-options.ts";
