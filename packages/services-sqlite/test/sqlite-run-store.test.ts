import { SqliteRunStore, type SqliteRunStoreOptions } from "@agentscope-runtime/services-sqlite";
import { runStoreSuite } from "@agentscope-runtime/testing";
import { Reopening, temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const make = (options: SqliteRunStoreOptions) => new SqliteRunStore({ sweepInterval: 50, ...options });
const { create, reopen } = new Reopening(newFile, make);

runStoreSuite("SqliteRunStore", { create, durable: { reopen }, peer: reopen });
