import type { PostgresPool, PostgresPoolClient } from "./postgres-pool.ts";

/** Runs the work in a transaction on a connection of its own, which is given up if the work fails. */
export async function transaction<T>(
  pool: PostgresPool,
  work: (client: PostgresPoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // The query that was under way rejects too; without a listener the event would end the process.
  client.on("error", ignore);
  try {
    await client.query({ text: "begin" });
    const result = await work(client);
    await client.query({ text: "commit" });
    client.off("error", ignore);
    client.release();
    return result;
  } catch (error) {
    // The server rolls back when the connection goes; a `rollback` could wait for a server that is gone.
    client.release(true);
    throw error;
  }
}

function ignore(): void {}
