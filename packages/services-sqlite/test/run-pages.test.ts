import { SqliteRunStore } from "@agentscope-runtime/services-sqlite";
import { newRun } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();

it("lists runs without reading their inputs, in less time than it takes to read one of those", async () => {
  const store = new SqliteRunStore({ path: await newFile() });
  await store.start();
  const text = "x".repeat(4_000_000);
  const ids = Array.from({ length: 40 }, (_, index) => `${index}`);
  for (const id of ids) await store.create(newRun({ id, text }));
  const fastest = async (work: () => Promise<unknown>) => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const began = performance.now();
      await work();
      best = Math.min(best, performance.now() - began);
    }
    return best;
  };
  const one = await fastest(() => store.get("7"));
  // Forty times as long, if it read them.
  expect(await fastest(() => store.list({ agent: "agent" }))).toBeLessThan(5 * one);
  await store.stop();
});

it("ends a page where requests are large", async () => {
  const store = new SqliteRunStore({ path: await newFile() });
  await store.start();
  for (let index = 0; index < 12; index++) {
    const run = newRun();
    await store.create({ ...run, request: { ...run.request, notes: "x".repeat(2 ** 20) } });
  }
  const { items, nextCursor } = await store.list({ agent: "agent", limit: 10 });
  expect([items.length, nextCursor]).toEqual([4, expect.any(String)]);
  await store.stop();
});
