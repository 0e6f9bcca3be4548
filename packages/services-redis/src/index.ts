// What a client of one's own has to have.
export type { RedisClient } from "./redis-client.ts";
export { RedisConnection, type RedisConnectionOptions } from "./redis-connection.ts";
export type { ListenerClient, ListenerOptions, RedisListener } from "./redis-listener.ts";
export { RedisMemoryService, type RedisMemoryServiceOptions } from "./redis-memory-service.ts";
export { RedisRunStore, type RedisRunStoreOptions } from "./redis-run-store.ts";
export type { RedisServiceOptions } from "./redis-service.ts";
export {
  RedisSessionHistoryService,
  type RedisSessionHistoryServiceOptions,
} from "./redis-session-history-service.ts";
export { RedisStateService, type RedisStateServiceOptions } from "./redis-state-service.ts";
