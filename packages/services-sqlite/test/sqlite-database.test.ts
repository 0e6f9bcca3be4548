import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  SqliteDatabase,
  SqliteMemoryService,
  SqliteSessionHistoryService,
  SqliteStateService,
} from "@agentscope-runtime/services-sqlite";
import { describe, expect, it } from "vitest";
import { forgetContinuations } from "./support/forget-continuations.ts";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const session = { agent: "agent", userId: "user", sessionId: "session" };
const message = { content: [{ type: "text" as const, text: "hello" }] };

describe("the file", () => {
  it.runIf(process.platform !== "win32")(
    "is made together with its folders, and is its owner's alone, log and all",
    async () => {
      const path = join(dirname(await newFile()), "deep", "er", "data.db");
      const state = new SqliteStateService({ path });
      await state.start();
      await state.saveState(session, {});
      for (const file of [path, `${path}-wal`, `${path}-shm`]) {
        expect([file, (await stat(file)).mode & 0o777]).toEqual([file, 0o600]);
      }
      expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
      await state.stop();
    },
  );

  it("may have any name", async () => {
    const path = join(dirname(await newFile()), "file:a?mode=memory&cache=shared#%2e 'b' 🦊.db");
    const database = new SqliteDatabase({ path });
    await database.start();
    expect((await stat(path)).isFile()).toBe(true);
    await database.stop();
  });

  it("is alone once it is closed", async () => {
    const path = await newFile();
    const state = new SqliteStateService({ path });
    await state.start();
    await state.saveState(session, { value: 1 });
    await state.stop();
    await expect(stat(`${path}-wal`)).rejects.toMatchObject({ code: "ENOENT" });
    await rename(path, `${path}.moved`);
    const moved = new SqliteStateService({ path: `${path}.moved` });
    await moved.start();
    expect(await moved.exportState(session)).toEqual({ value: 1 });
    await moved.stop();
  });

  it("that is no database is refused, and left as it is", async () => {
    const path = await newFile();
    await writeFile(path, "not a database ".repeat(1000));
    const refusal = { code: "CONFIGURATION_ERROR", message: `${path} is not an SQLite database.` };
    await expect(new SqliteDatabase({ path }).start()).rejects.toMatchObject(refusal);
    expect(await readFile(path, "utf8")).toMatch(/^not a database/);
  });

  it("of another program is refused, and left as it is", async () => {
    const path = await newFile();
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE sessions (id TEXT)");
    other.close();
    const before = await readFile(path);
    await expect(new SqliteDatabase({ path }).start()).rejects.toMatchObject({
      code: "CONFIGURATION_ERROR",
      message: expect.stringContaining("another program"),
    });
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it("of a newer version is refused", async () => {
    const path = await newFile();
    const database = new SqliteDatabase({ path });
    await database.start();
    await database.stop();
    const newer = new DatabaseSync(path);
    newer.exec("PRAGMA user_version = 1000");
    newer.close();
    await expect(database.start()).rejects.toMatchObject({
      code: "CONFIGURATION_ERROR",
      message: expect.stringContaining("newer version"),
    });
    expect(await database.health()).toBe(false);
  });

  it("that can't be opened is an error that says which, and can be opened when it can", async () => {
    const path = await newFile();
    await writeFile(path, "");
    const within = join(path, "data.db");
    const database = new SqliteDatabase({ path: within });
    await expect(database.start()).rejects.toMatchObject({
      code: "DATABASE_ERROR",
      message: expect.stringContaining(within),
      cause: expect.any(Error),
    });
    await expect(new SqliteDatabase({ path: dirname(path) }).start()).rejects.toMatchObject({
      code: "DATABASE_ERROR",
    });
    await rm(path);
    await database.start();
    expect(await database.health()).toBe(true);
    await database.stop();
  });

  it("that was deleted, or replaced, makes the services over it unwell", async () => {
    const path = await newFile();
    const state = new SqliteStateService({ path });
    await state.start();
    await rm(path);
    expect(await state.health()).toBe(false);
    await writeFile(path, "");
    expect(await state.health()).toBe(false);
    await state.stop();
    await state.start();
    expect(await state.health()).toBe(true);
    await state.stop();
  });
});

describe("a shared database", () => {
  it("is open until the last of its services stops, in whatever order they do", async () => {
    const database = new SqliteDatabase({ path: await newFile() });
    const state = new SqliteStateService({ database });
    const history = new SqliteSessionHistoryService({ database });
    const memory = new SqliteMemoryService({ database });
    await Promise.all([state.start(), history.start(), memory.start(), state.start()]);
    await state.stop();
    await state.stop();
    expect(await state.health()).toBe(false);
    await expect(state.exportState(session)).rejects.toMatchObject({ code: "SERVICE_NOT_STARTED" });
    await history.appendMessages(session, [message]);
    await history.stop();
    expect(await memory.health()).toBe(true);
    await memory.stop();
    expect(await database.health()).toBe(false);
  });

  it("is kept open by its own start, and may be started and stopped at once", async () => {
    const database = new SqliteDatabase({ path: await newFile() });
    const state = new SqliteStateService({ database });
    await database.start();
    await Promise.all([state.start(), state.stop(), state.start(), state.stop()]);
    expect([await state.health(), await database.health()]).toEqual([false, true]);
    await Promise.all([state.start(), database.stop()]);
    expect([await state.health(), await database.health()]).toEqual([true, true]);
    await state.stop();
  });

  it("ends what was called before it closes", async () => {
    const path = await newFile();
    const state = new SqliteStateService({ path });
    await state.start();
    const saves = [1, 2, 3].map((value) => state.saveState(session, { value }));
    await Promise.all([...saves, state.stop()]);
    await state.start();
    expect(await state.exportState(session)).toEqual({ value: 3 });
    await state.stop();
  });

  it("holds one fence a session for all services over it", async () => {
    const database = new SqliteDatabase({ path: await newFile() });
    const state = new SqliteStateService({ database });
    const history = new SqliteSessionHistoryService({ database });
    await Promise.all([state.start(), history.start()]);
    await state.exportState({ ...session, fence: 2 });
    const superseded = history.appendMessages({ ...session, fence: 1 }, [message]);
    await expect(superseded).rejects.toMatchObject({ code: "FENCED" });
    await Promise.all([state.stop(), history.stop()]);
  });
});

describe("options", () => {
  it.each([
    ["normal", 1],
    ["full", 2],
    [undefined, 1],
  ] as const)("take %s for how safe a write is", async (synchronous, level) => {
    const database = new SqliteDatabase({ path: await newFile(), synchronous });
    await database.start();
    const read = await database.read((queries) => queries.get("PRAGMA synchronous"));
    expect({ ...(read as object) }).toEqual({ synchronous: level });
    await database.stop();
  });

  it.each([
    [{ path: "" }, "path"],
    [{ path: ":memory:" }, "path"],
    [{ path: "a.db", busyTimeout: -1 }, "busyTimeout"],
    [{ path: "a.db", busyTimeout: Number.NaN }, "busyTimeout"],
    [{ path: "a.db", synchronous: "off" as "full" }, "synchronous"],
  ])("can't be %j", (options, name) => {
    expect(() => new SqliteDatabase(options)).toThrow(name);
  });

  it.each([0, -1, 1.5, Number.NaN])("can't have %s rounds kept", (keepRounds) => {
    expect(() => new SqliteStateService({ path: "a.db", keepRounds })).toThrow("keepRounds");
  });
});

it("drops the rounds that are too many at the next save where fewer are to be kept than before", async () => {
  const path = await newFile();
  const roomy = new SqliteStateService({ path });
  await roomy.start();
  for (let value = 1; value <= 9; value++) await roomy.saveState(session, { value });
  await roomy.stop();
  const tight = new SqliteStateService({ path, keepRounds: 2 });
  await tight.start();
  expect(await tight.saveState(session, { value: 10 })).toBe(10);
  const kept = Array.from({ length: 10 }, (_, index) => tight.exportState(session, { roundId: index + 1 }));
  expect((await Promise.all(kept)).filter((state) => state !== undefined)).toEqual([
    { value: 9 },
    { value: 10 },
  ]);
  await tight.stop();
});

it("keeps what was known of a session's fence when an older file is brought up to date, in little room", async () => {
  const path = await newFile();
  const handle = { userId: "u".repeat(1000), sessionId: "s".repeat(1000), fence: 7 };
  const history = new SqliteSessionHistoryService({ path });
  await history.start();
  await history.stop();
  const older = new DatabaseSync(path);
  forgetContinuations(older);
  older.exec("DELETE FROM fences; PRAGMA user_version = 2");
  const key = JSON.stringify([null, handle.userId, handle.sessionId]);
  older.prepare("INSERT INTO fences (session, fence) VALUES (?, ?)").run(key, 7);
  older.close();
  await history.start();
  await expect(history.createSession({ ...handle, fence: 6 })).rejects.toMatchObject({ code: "FENCED" });
  await history.createSession(handle);
  await history.stop();
  const file = new DatabaseSync(path);
  const rows = file.prepare("SELECT length(session) AS length, fence FROM fences").all();
  expect(rows.map((row) => ({ ...row }))).toEqual([{ length: 43, fence: 7 }]);
  file.close();
});

it("undoes what a failed call wrote, and goes on", async () => {
  const database = new SqliteDatabase({ path: await newFile() });
  const history = new SqliteSessionHistoryService({ database });
  await history.start();
  const failing = database.write((queries) => {
    queries.run("DELETE FROM sessions");
    queries.run("INSERT INTO fences (session, fence) VALUES ('a', 1), ('a', 2)");
  });
  await expect(failing).rejects.toMatchObject({
    code: "DATABASE_ERROR",
    message: "The database failed.",
    cause: expect.objectContaining({ code: "ERR_SQLITE_ERROR" }),
  });
  await history.createSession(session);
  expect(await database.read((queries) => queries.all("SELECT * FROM fences"))).toEqual([]);
  await history.stop();
});

it("keeps what it had when the disk is full, and goes on when it is not", async () => {
  const database = new SqliteDatabase({ path: await newFile() });
  const history = new SqliteSessionHistoryService({ database });
  await history.start();
  await history.appendMessages(session, [message]);
  const before = await history.getSession(session);
  const limitPages = (count: number) =>
    database.read((queries) => queries.get(`PRAGMA max_page_count = ${count}`));
  await limitPages(1);
  const large = { content: [{ type: "text" as const, text: "large ".repeat(100_000) }] };
  await expect(history.appendMessages(session, [message, large])).rejects.toMatchObject({
    code: "DATABASE_ERROR",
    cause: expect.objectContaining({ message: "database or disk is full" }),
  });
  expect(await history.getSession(session)).toEqual(before);
  await limitPages(2 ** 30);
  await history.appendMessages(session, [message, large]);
  expect((await history.getMessages(session)).items).toHaveLength(3);
  await history.stop();
});
