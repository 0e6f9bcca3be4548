import { BullMQTaskQueue, type BullMQTaskQueueOptions } from "@agentscope-runtime/queues-bullmq";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { taskQueueSuite } from "@agentscope-runtime/testing";
import { afterAll } from "vitest";
import { Keyspace } from "./keyspace.ts";

const server = await RedisServer.start({ appendfsync: "no" });
afterAll(() => server.stop());

const connection = { url: server.url };
const keyspace = new Keyspace(
  (prefix, options: Partial<BullMQTaskQueueOptions> = {}) =>
    new BullMQTaskQueue({ connection, prefix, ...options }),
);

taskQueueSuite("BullMQTaskQueue", {
  create: (bounds) => keyspace.create(bounds),
  durable: { reopen: (queue) => keyspace.reopen(queue as BullMQTaskQueue) },
});
