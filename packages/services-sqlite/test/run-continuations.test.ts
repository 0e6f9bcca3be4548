import { DatabaseSync } from "node:sqlite";
import { SqliteRunStore } from "@agentscope-runtime/services-sqlite";
import { newRun } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";
import { forgetContinuations } from "./support/forget-continuations.ts";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();

function answerTo(continues: string) {
  const run = newRun();
  return { ...run, request: { ...run.request, continues } };
}

it("knows after an upgrade which runs were answered before, whatever their ids", async () => {
  const path = await newFile();
  const store = new SqliteRunStore({ path });
  const answered = ["asked", 'a "quoted" one', "half a \ud83e", "\0"];
  await store.start();
  for (const id of answered) await store.create(answerTo(id));
  // As a deletion of a session has it.
  await store.create(answerTo(""));
  await store.create(newRun());
  await store.stop();
  const file = new DatabaseSync(path);
  forgetContinuations(file);
  file.close();

  await store.start();
  for (const id of answered) {
    await expect(store.create(answerTo(id))).rejects.toMatchObject({ code: "RUN_ANSWERED" });
  }
  for (const id of ["another", "", ""]) expect(await store.create(answerTo(id))).toMatchObject({ ahead: 0 });
  await store.stop();
});
