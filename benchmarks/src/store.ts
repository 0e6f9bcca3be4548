import { rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DurableRunStoreOptions,
  InMemoryRunStore,
  InMemorySessionHistoryService,
  type RunRetentionOptions,
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
import { Redis } from "ioredis";
import { Client } from "pg";

export const storeNames = ["memory", "sqlite", "redis", "postgres"] as const;
export type StoreName = (typeof storeNames)[number];

export interface StoreServices {
  readonly runStore: RunStore;
  readonly history: SessionHistoryService;
}

/** Where the data of a store is, for as long as it is measured. */
export interface StoreHome extends AsyncDisposable {
  readonly location: string;
  /** How many bytes the store takes: its file, the memory that Redis counts, or the tables of Postgres. */
  size(): Promise<number>;
}

/** A place for a store's data, with nothing in it. */
export async function storeHome(name: StoreName): Promise<StoreHome> {
  if (name === "redis") {
    const server = await RedisServer.start();
    return {
      location: server.url,
      size: () => redisSize(server.url),
      [Symbol.asyncDispose]: () => server.stop(),
    };
  }
  if (name === "postgres") {
    const server = await PostgresServer.start();
    return {
      location: server.url,
      size: () => postgresSize(server.url),
      [Symbol.asyncDispose]: () => server.stop(),
    };
  }
  const folder = join(tmpdir(), `bench-${crypto.randomUUID()}`);
  const location = join(folder, "data.db");
  return {
    location,
    size: async () =>
      (await stat(location)).size + (await stat(`${location}-wal`).catch(() => ({ size: 0 }))).size,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function redisSize(url: string): Promise<number> {
  const client = new Redis(url);
  const [, used = "0"] = /used_memory:(\d+)/.exec(await client.info("memory")) ?? [];
  client.disconnect();
  return Number(used);
}

async function postgresSize(url: string): Promise<number> {
  const client = new Client(url);
  await client.connect();
  const { rows } = await client.query(
    "SELECT sum(pg_total_relation_size(oid)) AS size FROM pg_class WHERE relkind = 'r' AND relnamespace = 'agentscope_runtime'::regnamespace",
  );
  await client.end();
  return Number(rows[0].size);
}

/** The services over that data, unstarted. */
export function storeServices(
  name: StoreName,
  location: string,
  options: RunRetentionOptions & DurableRunStoreOptions = {},
): StoreServices {
  switch (name) {
    case "memory":
      return { runStore: new InMemoryRunStore(), history: new InMemorySessionHistoryService() };
    case "sqlite": {
      const database = new SqliteDatabase({ path: location });
      return {
        runStore: new SqliteRunStore({ ...options, database }),
        history: new SqliteSessionHistoryService({ database }),
      };
    }
    case "redis": {
      const connection = new RedisConnection({ url: location });
      return {
        runStore: new RedisRunStore({ ...options, connection }),
        history: new RedisSessionHistoryService({ connection }),
      };
    }
    case "postgres": {
      const connection = new PostgresConnection({ url: location });
      return {
        runStore: new PostgresRunStore({ ...options, connection }),
        history: new PostgresSessionHistoryService({ connection }),
      };
    }
  }
}
