import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { startBareServer } from "./bare-server.ts";
import type { StoreName } from "./store.ts";

// A server in a process of its own, which tells what it used when it is asked.
const [, , kind, store, location = ""] = process.argv;
const port = await start();

// Nobody is left to measure it.
process.on("disconnect", () => process.exit());

let before = process.cpuUsage();
process.on("message", async (question) => process.send?.(await answer(question)));
process.send?.(port);

async function start(): Promise<number> {
  if (kind === "bare") return startBareServer();
  if (kind === "protocols") {
    const { startProtocolsServer } = await import("./protocols-server.ts");
    return startProtocolsServer();
  }
  const { startRuntimeServer } = await import("./runtime-server.ts");
  if (store === undefined) return startRuntimeServer();
  const { storeServices } = await import("./store.ts");
  return startRuntimeServer(storeServices(store as StoreName, location).runStore);
}

async function answer(question: unknown): Promise<number> {
  switch (question) {
    case "memory":
      // What was garbage is to be gone, and its pages given back, which V8 does a little later.
      for (let round = 0; round < 3; round++) {
        await gc?.({ type: "major", execution: "async", flavor: "last-resort" });
        await sleep(300);
      }
      return process.memoryUsage.rss();
    case "turn":
      return turn();
    default: {
      const { user, system } = process.cpuUsage(before);
      before = process.cpuUsage();
      return user + system;
    }
  }
}

/** The milliseconds of a turn of the loop that does nothing else, which is the least a turn takes. */
async function turn(turns = 10_000): Promise<number> {
  const started = performance.now();
  for (let n = 0; n < turns; n++) await nextTurn();
  return (performance.now() - started) / turns;
}
