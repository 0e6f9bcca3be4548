import { setTimeout as sleep } from "node:timers/promises";
import { startBareServer } from "./bare-server.ts";

// A server in a process of its own, which tells what it used when it is asked.
const port =
  process.argv[2] === "bare"
    ? await startBareServer()
    : await (await import("./runtime-server.ts")).startRuntimeServer();

// Nobody is left to measure it.
process.on("disconnect", () => process.exit());

let before = process.cpuUsage();
process.on("message", async (question) => {
  if (question === "memory") {
    // What was garbage is to be gone, and its pages given back, which V8 does a little later.
    for (let round = 0; round < 3; round++) {
      await gc?.({ type: "major", execution: "async", flavor: "last-resort" });
      await sleep(300);
    }
    process.send?.(process.memoryUsage.rss());
  } else {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    process.send?.(user + system);
  }
});
process.send?.(port);
