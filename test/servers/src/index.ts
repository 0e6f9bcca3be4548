export { PostgresServer, type PostgresServerOptions } from "./postgres-server.ts";
export { RedisServer, type RedisServerOptions } from "./redis-server.ts";
