// What a `WorkerProcess` runs: node worker-main.ts <url> <prefix>
import { once } from "node:events";
import { BullMQRunDispatcher, BullMQTaskQueue } from "@agentscope-runtime/queues-bullmq";

const [, , url = "", prefix = ""] = process.argv;
const options = { connection: { url }, prefix, leaseTtl: 400 };
const queue = new BullMQTaskQueue(options);
const dispatcher = new BullMQRunDispatcher(options);
await Promise.all([queue.start(), dispatcher.start()]);

const until = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
};
await queue.work("name", async ({ id, input, attempt, signal }) => {
  console.log(`task ${id}`);
  if (input === "hang") await until(signal).finally(() => console.log(`aborted ${id}`));
  return attempt;
});
await dispatcher.work(["agent"], async (runId) => {
  console.log(`run ${runId}`);
  if (runId.startsWith("hang")) await new Promise(() => undefined);
});
console.log("ready");

process.once("SIGTERM", async () => {
  await Promise.all([queue.stop(), dispatcher.stop()]);
});
