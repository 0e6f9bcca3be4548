import {
  DurableRunStore,
  type DurableRunStoreOptions,
  type RunRetentionOptions,
  runRetention,
} from "@agentscope-runtime/core";
import { PostgresRunBackend } from "./postgres-run-backend.ts";
import type { PostgresServiceOptions } from "./postgres-service.ts";

export type PostgresRunStoreOptions = PostgresServiceOptions & DurableRunStoreOptions & RunRetentionOptions;

/**
 * A `RunStore` in Postgres, for any number of processes. All times are the server's, but for when a run was created. What
 * was confirmed is as durable as the server makes its commits.
 */
export class PostgresRunStore extends DurableRunStore {
  constructor(options: PostgresRunStoreOptions) {
    const backend = new PostgresRunBackend(options, runRetention(options), options.leaseTtl ?? 10_000);
    super("PostgresRunStore", backend, options);
  }
}
