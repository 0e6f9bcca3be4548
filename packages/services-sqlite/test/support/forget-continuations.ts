import type { DatabaseSync } from "node:sqlite";

/** Takes back the version of the tables that knows which run continues which. */
export function forgetContinuations(file: DatabaseSync): void {
  file.exec("DROP INDEX runs_by_continues; ALTER TABLE runs DROP COLUMN continues; PRAGMA user_version = 3");
}
