import { RedisRunStore } from "@agentscope-runtime/services-redis";
import { newRun, responseEntry, textEntry } from "@agentscope-runtime/testing";

// A process that owns a run and writes to it, on and on, until it is canceled or killed.
const [url = "", prefix = "", id = ""] = process.argv.slice(2);
const store = new RedisRunStore({ url, prefix, leaseTtl: 500 });
await store.start();
const created = await store.create(newRun({ id, owner: "writer" }));
if (created.kind !== "created") throw new Error("The run was there already.");
const { lease } = created;
await store.waitTurn(lease);
const never = new AbortController().signal;
let canceled = false;
const watching = store.watchCancel(id, never).then(() => {
  canceled = true;
});
process.send?.("ready");
let seq = 1;
for (; !canceled; seq++) {
  await store.append(lease, [textEntry(seq)]);
  if (seq % 10 === 0) await store.renew("writer");
}
await watching;
await store.finish(lease, "canceled", [responseEntry(seq, id, "canceled")]);
await store.release(lease);
await store.stop();
process.disconnect?.();
