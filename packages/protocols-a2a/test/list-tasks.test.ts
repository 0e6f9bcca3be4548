import { type Task, TaskState } from "@a2a-js/sdk";
import { expect, it } from "vitest";
import { say } from "./support/messages.ts";
import { bindings, clientOf, scriptedApp, serve } from "./support/serve.ts";

it.each(bindings)(
  "over %s ends a page of large tasks before it is full, and has each task on one page",
  async (binding) => {
    const client = await clientOf(await serve(scriptedApp([])), { binding });
    const ids: string[] = [];
    for (let index = 0; index < 7; index++) {
      ids.unshift(((await client.sendMessage(say("x".repeat(800_000)))) as Task).id);
    }
    const query = { tenant: "", contextId: "", status: TaskState.TASK_STATE_UNSPECIFIED } as const;
    const pages: string[][] = [];
    let pageToken = "";
    do {
      const page = await client.listTasks({
        ...query,
        pageToken,
        pageSize: 5,
        historyLength: undefined,
        statusTimestampAfter: undefined,
      });
      expect(page.totalSize).toBe(7);
      pages.push(page.tasks.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(pages.flat()).toEqual(ids);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    const all = await client.listTasks({
      ...query,
      pageToken: "",
      historyLength: 0,
      statusTimestampAfter: undefined,
    });
    expect([all.tasks.length, all.nextPageToken]).toEqual([7, ""]);
  },
);
