import { expect, test } from "vitest";
import {
  a2aClient,
  agUiClient,
  bindings,
  collect,
  joining,
  outcomeOfTask,
  reduceStream,
  say,
} from "./support/clients.ts";
import { joined, type Numbered, numberedStreams } from "./support/numbered-streams.ts";
import { serveRichRun } from "./support/rich-run.ts";
import { runsOf } from "./support/serve.ts";

const all = async (events: AsyncIterable<Numbered>) => Array.fromAsync(events);

test.each(Object.entries(numberedStreams))(
  "resumed over %s at every position, live and compacted, a stream has the same numbers and the same content",
  async (_, { start }) => {
    const { url, length, reached, open, compacted } = await serveRichRun();
    const stream = await start(url);
    const whole: Numbered[] = [];
    const read = (async () => {
      for await (const event of stream.events) whole.push(event);
    })();
    const joiners: { readonly at: Numbered["at"]; readonly rest: Promise<readonly Numbered[]> }[] = [];
    for (let part = 0; part < length; part++) {
      await reached(part);
      const at = whole.at(-1)?.at;
      if (at !== undefined) joiners.push({ at, rest: Promise.resolve(stream.resume(url, at)).then(all) });
      open(part);
    }
    await read;
    const numbers = whole.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(joiners.length).toBeGreaterThan(length / 2);
    for (const { at, rest } of joiners) {
      const index = whole.findIndex((event) => event.at === at);
      expect(joined(await rest)).toEqual(joined(whole.slice(index + 1)));
    }

    const [run] = await runsOf(url);
    for (const server of [url, await compacted(run?.id ?? "")]) {
      for (const [index, { at }] of whole.entries()) {
        const rest = await all(await stream.resume(server, at));
        const after = rest.map(({ number }) => number);
        expect(after).toEqual([...new Set(after)].sort((a, b) => a - b));
        expect(joined(rest)).toEqual(joined(whole.slice(index + 1)));
      }
    }
  },
);

test.each(bindings)(
  "who subscribes over A2A (%s) at every position comes to the same task",
  async (binding) => {
    const { url, length, reached, open, compacted } = await serveRichRun();
    const client = await a2aClient(url, { binding });
    const stream = client.sendMessageStream(say("Hi"));
    const first = await stream.next();
    const rest = collect(stream);
    const [run] = await runsOf(url);
    const id = run?.id ?? "";
    const joiners: Promise<object>[] = [];
    for (let part = 0; part < length; part++) {
      await reached(part);
      const events = client.resubscribeTask({ tenant: "", id });
      const { value: task } = await events.next();
      joiners.push(collect(events).then((others) => reduceStream(task ? [task, ...others] : others)));
      open(part);
    }
    if (first.done === true) throw new Error("There are no events.");
    const whole = reduceStream([first.value, ...(await rest)]);
    expect(whole).toMatchObject({ state: "TASK_STATE_COMPLETED" });
    expect(JSON.stringify(whole)).toContain("Sunny!");
    for (const outcome of await Promise.all(joiners)) expect(outcome).toEqual(whole);
    for (const server of [url, await compacted(id)]) {
      const task = await (await a2aClient(server, { binding })).getTask({ tenant: "", id });
      expect(outcomeOfTask(task)).toEqual(whole);
    }
  },
);

test("who connects over AG-UI at every position comes to the same conversation", async () => {
  const { url, length, reached, open, compacted } = await serveRichRun();
  const client = agUiClient(url);
  const done = client.say("Hi", { runId: client.threadId });
  await client.seen("RUN_STARTED");
  const joiners: { readonly watcher: typeof client; readonly asked: Promise<unknown> }[] = [];
  for (let part = 0; part < length; part++) {
    await reached(part);
    const watcher = joining(client);
    const asked = watcher.ask();
    await watcher.seen("MESSAGES_SNAPSHOT");
    joiners.push({ watcher, asked });
    open(part);
  }
  await done;
  expect(client.state).toEqual({ at: 2 });
  expect(client.talk).toContainEqual(["assistant", "Sunny!"]);
  for (const { watcher, asked } of joiners) {
    await asked;
    expect(watcher.messages).toEqual(client.messages);
    expect([watcher.state, watcher.end]).toEqual([client.state, client.end]);
  }
  const threadId = client.threadId;
  for (const server of [url, await compacted(threadId)]) {
    const late = agUiClient(server, { path: "/ag-ui/connect", threadId });
    await late.ask();
    expect(new Set(late.messages)).toEqual(new Set(client.messages));
    expect([late.state, late.end]).toEqual([client.state, client.end]);
  }
});
