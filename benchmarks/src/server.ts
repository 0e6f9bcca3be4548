import { startBareServer } from "./bare-server.ts";

// A server in a process of its own, which tells what it used when it is asked.
const [, , kind, port] = process.argv;
if (kind === "bare") await startBareServer(Number(port));
else await (await import("./runtime-server.ts")).startRuntimeServer(Number(port));

let before = process.cpuUsage();
process.on("message", (question) => {
  if (question === "memory") {
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send?.({ rss, heap: heapUsed + external });
  } else {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    process.send?.(user + system);
  }
});
process.send?.("ready");
