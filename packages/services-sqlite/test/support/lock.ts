import { DatabaseSync } from "node:sqlite";

/** Locks the file as another process does that writes to it; gives what unlocks it. */
export function lock(path: string): () => void {
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  return () => other.close();
}
