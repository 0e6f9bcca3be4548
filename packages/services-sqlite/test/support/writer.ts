import { SqliteSessionHistoryService, SqliteStateService } from "@agentscope-runtime/services-sqlite";

/**
 * A process that writes to a file: messages in batches of two and a state each, and tells its parent of every batch that
 * was taken. Ends after `count` batches, or with its parent.
 */
const [path = "", name = "", count = "0"] = process.argv.slice(2);
process.on("disconnect", () => process.exit());

const session = { agent: "agent", userId: "user", sessionId: "session" };
const history = new SqliteSessionHistoryService({ path });
const state = new SqliteStateService({ path, keepRounds: 1000 });

await new Promise<void>((resolve) => {
  process.once("message", () => resolve());
  process.send?.("ready");
});
await Promise.all([history.start(), state.start()]);
for (let batch = 0; batch < Number(count); batch++) {
  const ids = [`${name}/${batch}/0`, `${name}/${batch}/1`];
  const messages = ids.map((id) => ({ id, content: [{ type: "text" as const, text: id }] }));
  await Promise.all([
    history.appendMessages(session, [{ id: "shared", content: [] }, ...messages]),
    state.saveState(session, { name, batch }),
  ]);
  process.send?.(batch);
}
await Promise.all([history.stop(), state.stop()]);
process.disconnect();
