import { SqliteMemoryService, SqliteSessionHistoryService } from "@agentscope-runtime/services-sqlite";
import { expect, it } from "vitest";
import { RecordingDatabase } from "./support/recording-database.ts";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const session = { agent: "agent", userId: "user", sessionId: "session", fence: 1 };

it("finds the last messages of 10,000 by an index, and reads no others", async () => {
  const database = new RecordingDatabase({ path: await newFile() });
  const history = new SqliteSessionHistoryService({ database });
  await history.start();
  await history.appendMessages(session, texts(10_000));
  database.queries.length = 0;

  const { items, nextCursor } = await history.getMessages(session, { limit: 20, order: "desc" });
  expect(items).toHaveLength(20);
  await history.getMessages(session, { limit: 20, order: "desc", cursor: nextCursor });
  await history.getMessages(session, { limit: 20 });
  expect(database.queries.reduce((sum, { rows }) => sum + rows, 0)).toBe(3 * (1 + 21));
  expectIndexed(await database.plans());
  expect(await database.plans()).toContainEqual(
    expect.stringMatching(/^SEARCH messages USING INDEX messages_by_place \(session=\? AND place<\?\)$/),
  );
  await history.stop();
});

it("appends to 10,000 messages with as many statements as to none", async () => {
  const database = new RecordingDatabase({ path: await newFile() });
  const history = new SqliteSessionHistoryService({ database });
  await history.start();
  const statements = async () => {
    database.queries.length = 0;
    await history.appendMessages(session, texts(3));
    return database.queries.length;
  };
  const first = await statements();
  await history.appendMessages(session, texts(10_000));
  expect(await statements()).toBeLessThanOrEqual(first);
  expectIndexed(await database.plans());
  await history.stop();
});

it("lists sessions by an index", async () => {
  const database = new RecordingDatabase({ path: await newFile() });
  const history = new SqliteSessionHistoryService({ database });
  await history.start();
  for (let id = 0; id < 30; id++) await history.createSession({ ...session, sessionId: `${id}` });
  database.queries.length = 0;
  expect((await history.listSessions({ ...session, limit: 10 })).items).toHaveLength(10);
  expect(database.queries.map(({ rows }) => rows)).toEqual([11]);
  expectIndexed(await database.plans());
  await history.stop();
});

it("searches and lists memories by an index, and reads those only that it returns", async () => {
  const database = new RecordingDatabase({ path: await newFile() });
  const memory = new SqliteMemoryService({ database });
  await memory.start();
  await memory.addMemory(session, texts(1000));
  const owner = { agent: "agent", userId: "user" };
  for (const scope of [owner, session]) {
    database.queries.length = 0;
    expect(await memory.searchMemory(scope, "text 77 78")).toHaveLength(10);
    await memory.listMemory(scope, { limit: 10 });
    expect(database.queries.map(({ rows }) => rows)).toEqual([10, 11]);
    const plans = await database.plans();
    expect(plans).toContain("SEARCH memory_terms USING PRIMARY KEY (owner=? AND term=?)");
    // A search sorts what matches; nothing else is sorted, and no table is read from end to end.
    expectIndexed(
      plans.filter((detail) => !detail.startsWith("USE TEMP B-TREE")),
      ["found", "json_each"],
    );
  }
  await memory.stop();
});

it("deletes sessions, messages and memories, and what belongs to them, by indexes", async () => {
  const database = new RecordingDatabase({ path: await newFile() });
  const history = new SqliteSessionHistoryService({ database });
  const memory = new SqliteMemoryService({ database });
  await Promise.all([history.start(), memory.start()]);
  await history.appendMessages(session, texts(10));
  database.queries.length = 0;
  await history.deleteMessages(session, ["unknown"]);
  await history.deleteMessages(session);
  await history.deleteSession(session);
  await memory.deleteMemory(session);
  await memory.deleteMemory({ agent: "agent", userId: "user" });
  expectIndexed(await database.plans(), ["json_each"]);
  await Promise.all([history.stop(), memory.stop()]);
});

function texts(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    content: [{ type: "text" as const, text: `text ${index}` }],
  }));
}

function expectIndexed(plans: readonly string[], scanned: readonly string[] = []): void {
  expect(plans.length).toBeGreaterThan(0);
  for (const detail of plans) {
    const [, table] = /^SCAN (\w+)/.exec(detail) ?? [];
    expect(table === undefined || scanned.includes(table), detail).toBe(true);
    expect(detail).not.toContain("TEMP B-TREE");
  }
}
