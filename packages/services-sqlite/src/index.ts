export { SqliteDatabase, type SqliteDatabaseOptions } from "./sqlite-database.ts";
export { SqliteMemoryService, type SqliteMemoryServiceOptions } from "./sqlite-memory-service.ts";
// For those who put a service of their own into the file.
export type { SqliteQueries, SqliteValue } from "./sqlite-queries.ts";
export { SqliteRunStore, type SqliteRunStoreOptions } from "./sqlite-run-store.ts";
export type { SqliteServiceOptions } from "./sqlite-service.ts";
export {
  SqliteSessionHistoryService,
  type SqliteSessionHistoryServiceOptions,
} from "./sqlite-session-history-service.ts";
export { SqliteStateService, type SqliteStateServiceOptions } from "./sqlite-state-service.ts";
