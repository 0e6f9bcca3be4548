import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { RuntimeError } from "@agentscope-runtime/core";
import { SqliteConnection } from "./sqlite-connection.ts";
import { isBusy, isNoDatabase } from "./sqlite-error.ts";
import { assertOurs, migrate } from "./sqlite-migrations.ts";

export interface OpenConnectionOptions {
  /** An absolute path. */
  readonly path: string;
  readonly synchronous: "normal" | "full";
}

/** Opens the file, which is created if need be, with its tables up to date. Throws SQLite's own error while it is locked. */
export function openConnection({ path, synchronous }: OpenConnectionOptions): SqliteConnection {
  let database: DatabaseSync | undefined;
  try {
    createFile(path);
    database = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true });
    const connection = new SqliteConnection(database, path);
    assertOurs(connection);
    const mode = connection.get<{ journal_mode: string }>("PRAGMA journal_mode = WAL")?.journal_mode;
    if (mode !== "wal") {
      throw new RuntimeError(
        "CONFIGURATION_ERROR",
        "The file can't have a write-ahead log, as on a network share.",
      );
    }
    connection.execute(`PRAGMA synchronous = ${synchronous === "full" ? "FULL" : "NORMAL"}`);
    migrate(connection);
    return connection;
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw error;
    throw toOpenError(error, path);
  }
}

/** The file is its owner's alone; SQLite gives its log the same mode. */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Never opened where it exists: closing it would release the locks that this process has on it by other connections.
  if (!existsSync(path)) {
    try {
      closeSync(openSync(path, "wx", 0o600));
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
  }
}

function toOpenError(error: unknown, path: string): RuntimeError {
  if (isNoDatabase(error)) {
    return new RuntimeError("CONFIGURATION_ERROR", `${path} is not an SQLite database.`, { cause: error });
  }
  if (RuntimeError.is(error))
    return new RuntimeError(error.code, `${path}: ${error.message}`, { cause: error });
  return new RuntimeError("DATABASE_ERROR", `${path} can't be opened.`, { cause: error });
}
