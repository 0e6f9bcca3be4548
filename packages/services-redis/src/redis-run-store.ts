import {
  DurableRunStore,
  type DurableRunStoreOptions,
  type RunRetentionOptions,
  runRetention,
} from "@agentscope-runtime/core";
import { RedisRunBackend } from "./redis-run-backend.ts";
import type { RedisServiceOptions } from "./redis-service.ts";

export interface RedisRunStoreOptions
  extends RedisServiceOptions,
    DurableRunStoreOptions,
    RunRetentionOptions {}

/**
 * A `RunStore` over Redis, for any number of processes. A second connection of each listens for what the others do; while
 * that is broken, they are seen after `pollInterval`.
 */
export class RedisRunStore extends DurableRunStore {
  constructor(options: RedisRunStoreOptions) {
    const { leaseTtl = 10_000 } = options;
    const backend = new RedisRunBackend({ ...options, leaseTtl, retention: runRetention(options) });
    super("RedisRunStore", backend, { ...options, leaseTtl });
  }
}
