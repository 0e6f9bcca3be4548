export {
  PostgresConnection,
  type PostgresConnectionOptions,
  type PostgresPoolOptions,
  type PostgresUrlOptions,
} from "./postgres-connection.ts";
export { PostgresMemoryService, type PostgresMemoryServiceOptions } from "./postgres-memory-service.ts";
export type {
  PostgresNotice,
  PostgresPool,
  PostgresPoolClient,
  PostgresQuery,
  PostgresResult,
} from "./postgres-pool.ts";
export { PostgresRunStore, type PostgresRunStoreOptions } from "./postgres-run-store.ts";
export type { PostgresServiceOptions } from "./postgres-service.ts";
export {
  PostgresSessionHistoryService,
  type PostgresSessionHistoryServiceOptions,
} from "./postgres-session-history-service.ts";
export { PostgresStateService, type PostgresStateServiceOptions } from "./postgres-state-service.ts";
