import { startBareServer } from "./bare-server.ts";

// A server in a process of its own, which tells what it used when it is asked.
const [, , kind, port] = process.argv;
if (kind === "bare") await startBareServer(Number(port));
else await (await import("./runtime-server.ts")).startRuntimeServer(Number(port));

let before = process.cpuUsage();
process.on("message", () => {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ cpu: user + system, rss, heap: heapUsed + external });
});
process.send?.("ready");
