import { RedisRunStore } from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { type RunStoreSuiteCreateOptions, runStoreSuite } from "@agentscope-runtime/testing";
import { afterAll } from "vitest";
import { Keyspace } from "./keyspace.ts";

const server = await RedisServer.start({ appendfsync: "no" });
afterAll(() => server.stop());

const keyspace = new Keyspace(
  (prefix, options?: RunStoreSuiteCreateOptions) =>
    new RedisRunStore({ url: server.url, prefix, sweepInterval: 50, ...options }),
);

runStoreSuite("RedisRunStore", {
  create: (options) => keyspace.create(options),
  durable: { reopen: (store) => keyspace.reopen(store as RedisRunStore) },
  peer: (store) => keyspace.reopen(store as RedisRunStore),
});
