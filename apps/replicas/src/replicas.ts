import cluster, { type Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "./settings.ts";

/** Forks the replicas and forks again what dies; ends with them at a signal, at once at a second one. */
export function keepReplicas({ host, replicas }: Settings): void {
  const listening = new Set<Worker>();
  let told = false;
  let ending = false;

  cluster.on("listening", (worker, { port }) => {
    listening.add(worker);
    if (told || listening.size < replicas) return;
    told = true;
    console.log(`${replicas} replicas listen at http://${host}:${port}`);
  });

  cluster.on("exit", async (worker) => {
    const hasListened = listening.delete(worker);
    if (ending) return;
    if (!hasListened && !told) {
      console.error("The replicas can't start: one has ended before it could listen.");
      process.exitCode = 1;
      end("SIGTERM");
      return;
    }
    // One that can't start now may be able to in a while, as where Redis is down.
    if (!hasListened) await sleep(REST);
    if (!ending) cluster.fork();
  });

  const end = (signal: NodeJS.Signals) => {
    ending = true;
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => end(ending ? "SIGKILL" : "SIGTERM"));
  }
  for (let replica = 0; replica < replicas; replica++) cluster.fork();
}

/** Between two attempts at starting a replica that can't, in milliseconds. */
const REST = 1000;
