export {
  SqliteDatabase,
  type SqliteDatabaseOptions,
  SqliteMemoryService,
  type SqliteMemoryServiceOptions,
  SqliteRunStore,
  type SqliteRunStoreOptions,
  SqliteSessionHistoryService,
  type SqliteSessionHistoryServiceOptions,
  SqliteStateService,
  type SqliteStateServiceOptions,
} from "@agentscope-runtime/services-sqlite";
