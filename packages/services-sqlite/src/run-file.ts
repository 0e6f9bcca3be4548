import type { SqliteQueries } from "./sqlite-queries.ts";
import { SqliteService } from "./sqlite-service.ts";

/** The file of a run store, for the parts of the store. */
export class RunFile extends SqliteService {
  /** Resolves to the result of work that only reads. */
  override read<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    return super.read(work);
  }

  /** Resolves to the result of work in a transaction of its own, once that is committed. */
  override write<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    return super.write(work);
  }
}
