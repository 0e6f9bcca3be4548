import type { Settings } from "./settings.ts";

/** Serves the app in this process, one of several that share a port, until it is told to end. */
export async function serveReplica({ host, port }: Settings): Promise<void> {
  // Only now: the primary needs no connection.
  const { app } = await import("./app.ts");
  // Not `run`, for which a second signal means "at once": Ctrl-C reaches the whole group, and the primary passes it on.
  const listening = app.listen({ host, port });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      listening
        .then((server) => server.close())
        .then(
          () => process.exit(0),
          () => process.exit(1),
        );
    });
  }
  await listening;
}
