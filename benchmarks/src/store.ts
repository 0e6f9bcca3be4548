import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  InMemoryRunStore,
  InMemorySessionHistoryService,
  type RunStore,
  type SessionHistoryService,
} from "@agentscope-runtime/core";
import {
  PostgresConnection,
  PostgresRunStore,
  PostgresSessionHistoryService,
} from "@agentscope-runtime/services-postgres";
import {
  RedisConnection,
  RedisRunStore,
  RedisSessionHistoryService,
} from "@agentscope-runtime/services-redis";
import {
  SqliteDatabase,
  SqliteRunStore,
  SqliteSessionHistoryService,
} from "@agentscope-runtime/services-sqlite";
import { PostgresServer, RedisServer } from "@agentscope-runtime/test-servers";

export const storeNames = ["memory", "sqlite", "redis", "postgres"] as const;
export type StoreName = (typeof storeNames)[number];

export interface StoreServices {
  readonly runStore: RunStore;
  readonly history: SessionHistoryService;
}

/** Where the data of a store is, for as long as it is measured. */
export interface StoreHome extends AsyncDisposable {
  readonly location: string;
}

/** A place for a store's data, with nothing in it. */
export async function storeHome(name: StoreName): Promise<StoreHome> {
  if (name === "redis" || name === "postgres") {
    const server = name === "redis" ? await RedisServer.start() : await PostgresServer.start();
    return { location: server.url, [Symbol.asyncDispose]: () => server.stop() };
  }
  const folder = join(tmpdir(), `bench-${crypto.randomUUID()}`);
  return {
    location: join(folder, "data.db"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The services over that data, unstarted. */
export function storeServices(name: StoreName, location: string): StoreServices {
  switch (name) {
    case "memory":
      return { runStore: new InMemoryRunStore(), history: new InMemorySessionHistoryService() };
    case "sqlite": {
      const database = new SqliteDatabase({ path: location });
      return {
        runStore: new SqliteRunStore({ database }),
        history: new SqliteSessionHistoryService({ database }),
      };
    }
    case "redis": {
      const connection = new RedisConnection({ url: location });
      return {
        runStore: new RedisRunStore({ connection }),
        history: new RedisSessionHistoryService({ connection }),
      };
    }
    case "postgres": {
      const connection = new PostgresConnection({ url: location });
      return {
        runStore: new PostgresRunStore({ connection }),
        history: new PostgresSessionHistoryService({ connection }),
      };
    }
  }
}
