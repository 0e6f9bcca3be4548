import { DurableRunStore, type DurableRunStoreOptions } from "@agentscope-runtime/core";
import { SqliteRunBackend, type SqliteRunBackendOptions } from "./sqlite-run-backend.ts";

export type SqliteRunStoreOptions = SqliteRunBackendOptions & DurableRunStoreOptions;

/** A `RunStore` in an SQLite file, which several processes of one machine may share. */
export class SqliteRunStore extends DurableRunStore {
  constructor(options: SqliteRunStoreOptions) {
    super("SqliteRunStore", new SqliteRunBackend("SqliteRunStore", options), options);
  }
}
