import { SqliteStateService } from "@agentscope-runtime/services-sqlite";
import { expect, it } from "vitest";
import { lock } from "./support/lock.ts";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const session = { agent: "agent", userId: "user", sessionId: "session" };

it("gives a write up when its time is up, reads on, and recovers", async () => {
  const path = await newFile();
  const state = new SqliteStateService({ path, busyTimeout: 50 });
  await state.start();
  await state.saveState(session, { value: 1 });
  const unlock = lock(path);
  const refusal = { code: "SERVICE_UNAVAILABLE", retryAfter: 1, cause: expect.any(Error) };
  await expect(state.saveState(session, { value: 2 })).rejects.toMatchObject(refusal);
  // The first read with a fence has to write it.
  await expect(state.exportState({ ...session, fence: 1 })).rejects.toMatchObject(refusal);
  expect(await state.health()).toBe(false);
  expect(await state.exportState(session)).toEqual({ value: 1 });
  unlock();
  expect(await state.health()).toBe(true);
  expect(await state.saveState(session, { value: 3 })).toBe(2);
  await state.stop();
});

it("lets the process go on while a write waits, and keeps the order of writes", async () => {
  const path = await newFile();
  const state = new SqliteStateService({ path });
  await state.start();
  const unlock = lock(path);
  const saves = Array.from({ length: 5 }, (_, value) => state.saveState(session, { value }));
  const stopped = state.stop();
  expect(await state.exportState(session)).toBeUndefined();
  const turns = Promise.withResolvers<void>();
  let count = 0;
  const turn = () => (++count < 100 ? setImmediate(turn) : turns.resolve());
  turn();
  await turns.promise;
  unlock();
  expect(await Promise.all(saves)).toEqual([1, 2, 3, 4, 5]);
  await stopped;
  await state.start();
  expect(await state.exportState(session)).toEqual({ value: 4 });
  await state.stop();
});

it("opens a file that is being written to, and waits in vain for one that it has to set up", async () => {
  const path = await newFile();
  const state = new SqliteStateService({ path, busyTimeout: 50 });
  const unlockNew = lock(path);
  await expect(state.start()).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect(await state.health()).toBe(false);
  unlockNew();
  await state.start();
  await state.stop();
  const unlock = lock(path);
  await state.start();
  expect(await state.exportState(session)).toBeUndefined();
  unlock();
  await state.stop();
});
