import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunStore, SessionHistoryService, StateService } from "@agentscope-runtime/core";
import {
  PostgresConnection,
  PostgresRunStore,
  PostgresSessionHistoryService,
  PostgresStateService,
} from "@agentscope-runtime/services-postgres";
import {
  RedisConnection,
  RedisRunStore,
  RedisSessionHistoryService,
  RedisStateService,
} from "@agentscope-runtime/services-redis";
import {
  SqliteDatabase,
  SqliteRunStore,
  SqliteSessionHistoryService,
  SqliteStateService,
} from "@agentscope-runtime/services-sqlite";
import { PostgresServer, RedisServer } from "@agentscope-runtime/test-servers";

export const backendNames = ["sqlite", "redis", "postgres"] as const;
export type BackendName = (typeof backendNames)[number];

export interface BackendServices {
  readonly runStore: RunStore;
  readonly state: StateService;
  readonly history: SessionHistoryService;
}

/** A server that keeps data, or a file. */
export interface Backend {
  readonly name: BackendName;
  /** Where its data is: a URL, or a path. */
  readonly location: string;
  /** The server itself, to kill and restart; there is none for a file. */
  readonly server: RedisServer | PostgresServer | undefined;
  stop(): Promise<void>;
}

/** Starts a backend of that name with no data in it. */
export async function startBackend(name: BackendName): Promise<Backend> {
  if (name === "sqlite") {
    const folder = join(tmpdir(), `faults-${crypto.randomUUID()}`);
    const stop = () => rm(folder, { recursive: true, force: true });
    return { name, location: join(folder, "data.db"), server: undefined, stop };
  }
  const server = name === "redis" ? await RedisServer.start() : await PostgresServer.start();
  return { name, location: server.url, server, stop: () => server.stop() };
}

/** The services over a backend's data, unstarted. A lease is short, so that its end need not be waited for. */
export function servicesOf(name: BackendName, location: string, leaseTtl: number): BackendServices {
  switch (name) {
    case "sqlite": {
      const database = new SqliteDatabase({ path: location });
      return {
        runStore: new SqliteRunStore({ database, leaseTtl }),
        state: new SqliteStateService({ database }),
        history: new SqliteSessionHistoryService({ database }),
      };
    }
    case "redis": {
      const connection = new RedisConnection({ url: location, commandTimeout: 2000 });
      return {
        runStore: new RedisRunStore({ connection, leaseTtl }),
        state: new RedisStateService({ connection }),
        history: new RedisSessionHistoryService({ connection }),
      };
    }
    case "postgres": {
      const connection = new PostgresConnection({ url: location, poolSize: 4 });
      return {
        runStore: new PostgresRunStore({ connection, leaseTtl }),
        state: new PostgresStateService({ connection }),
        history: new PostgresSessionHistoryService({ connection }),
      };
    }
  }
}
