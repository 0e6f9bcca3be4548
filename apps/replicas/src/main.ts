// Replicas behind one port. Each is a process of its own; Node's cluster hands them the connections in turn.
import cluster from "node:cluster";
import { app } from "./app.ts";

const { HOST: host = "127.0.0.1", PORT = "8090", REPLICAS = "2" } = process.env;

if (cluster.isPrimary) {
  for (let replica = 0; replica < Number(REPLICAS); replica++) cluster.fork();
  let ending = false;
  cluster.on("exit", () => {
    if (!ending) cluster.fork();
  });
  let listening = 0;
  cluster.on("listening", (_, { port }) => {
    if (++listening === Number(REPLICAS))
      console.log(`${REPLICAS} replicas listen at http://${host}:${port}`);
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      ending = true;
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
    });
  }
} else {
  // A signal to the whole group reaches the replicas twice, and a second one means "at once": the primary passes it on.
  await app.run({ host, port: Number(PORT) });
}
