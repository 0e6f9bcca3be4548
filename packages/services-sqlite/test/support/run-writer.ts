import { SqliteRunStore } from "@agentscope-runtime/services-sqlite";
import { deltaEntry } from "@agentscope-runtime/testing";
import { createRun } from "./runs.ts";

/** A process that creates a run and writes it until it is killed; it tells its parent of every entry that was taken. */
const [path = "", id = "", leaseTtl = "300"] = process.argv.slice(2);
process.on("disconnect", () => process.exit());

const store = new SqliteRunStore({ path, leaseTtl: Number(leaseTtl) });
await store.start();
const { lease } = await createRun(store, { id, owner: "child" });
await store.waitTurn(lease);
for (let seq = 1; ; seq++) {
  await store.append(lease, [deltaEntry(seq, `word ${seq}`)]);
  await store.renew("child");
  process.send?.(seq);
}
