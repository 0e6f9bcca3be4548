import type { Message } from "@agentscope-runtime/agent-api";
import {
  type AgentApp,
  type HistoryMode,
  InMemorySessionHistoryService,
  text,
} from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted } from "./support/gate.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

const SESSION = { agent: "Friday", userId: "u", sessionId: "s" };
const IDS = { session_id: "s", user_id: "u" };

function remembering(history: InMemorySessionHistoryService, mode?: HistoryMode): AgentApp {
  const app = quietApp()
    .init(async () => {
      await history.start();
      return { history };
    })
    .services(({ history }) => ({ history }))
    .query(
      text(),
      async function* ({ session, signal, msgs, resources }) {
        const { items } = await resources.history.getMessages(session);
        yield `${items.length} known`;
        if (wordsOf(msgs).includes("wait")) await aborted(signal);
        if (wordsOf(msgs).includes("fail")) throw new Error("no");
      },
      mode === undefined ? {} : { history: mode },
    );
  return app as unknown as AgentApp;
}

function wordsOf(messages: readonly Message[]): string {
  return JSON.stringify(messages.map(({ content }) => content));
}

async function kept(history: InMemorySessionHistoryService): Promise<string[]> {
  const { items } = await history.getMessages(SESSION);
  return items.map(({ role, status, content }) => {
    const [slot] = content ?? [];
    return `${role} ${status} ${slot?.type === "text" ? slot.text : ""}`;
  });
}

test("the engine keeps the session's input and output where the adapter leaves that to it", async () => {
  const history = new InMemorySessionHistoryService();
  const { url } = await serve(remembering(history));
  for (const words of ["one", "two"]) await post(`${url}/process`, ask(words, { ...IDS, stream: false }));
  expect(await kept(history)).toEqual([
    expect.stringMatching(/^user .* one$/),
    "assistant completed 1 known",
    expect.stringMatching(/^user .* two$/),
    "assistant completed 3 known",
  ]);
});

test("the output is kept before the stream ends, with the ids that were streamed", async () => {
  const history = new InMemorySessionHistoryService();
  const { url } = await serve(remembering(history));
  const response = await (await post(`${url}/process`, ask("one", { ...IDS, stream: false }))).json();
  const { items } = await history.getMessages(SESSION);
  expect(response).toMatchObject({ output: [{ id: items.at(-1)?.id }] });
});

test("a turn that failed or was canceled keeps what was said, as incomplete", async () => {
  const history = new InMemorySessionHistoryService();
  const { url } = await serve(remembering(history));
  await post(`${url}/process`, ask("fail", { ...IDS, stream: false }));
  const reader = await EventReader.open(`${url}/process`, { body: ask("wait", { ...IDS, id: "run-1" }) });
  await reader.until(({ object }) => object === "content");
  await post(`${url}/runs/run-1/cancel?wait=true`, {});
  expect(await kept(history)).toEqual([
    expect.stringMatching(/^user .* fail$/),
    "assistant incomplete 1 known",
    expect.stringMatching(/^user .* wait$/),
    "assistant incomplete 3 known",
  ]);
});

test("the engine writes nothing where the handler or nobody is to write", async () => {
  for (const mode of ["handler", "none"] as const) {
    const history = new InMemorySessionHistoryService();
    const { url } = await serve(remembering(history, mode));
    await post(`${url}/process`, ask("one", { ...IDS, stream: false }));
    expect(await kept(history)).toEqual([]);
  }
});

test("a history that can't be written fails the run", async () => {
  const history = new InMemorySessionHistoryService();
  const { url } = await serve(remembering(history));
  await history.stop();
  const response = await (await post(`${url}/process`, ask("one", { ...IDS, stream: false }))).json();
  expect(response).toMatchObject({ status: "failed", error: { code: "SERVICE_NOT_STARTED" } });
});

test("callers may number their messages anew in every request", async () => {
  const history = new InMemorySessionHistoryService();
  const { url } = await serve(remembering(history));
  for (const words of ["one", "two"]) {
    const input = [{ id: "1", role: "user", content: [{ type: "text", text: words }] }];
    await post(`${url}/process`, { input, ...IDS, stream: false });
  }
  expect((await kept(history)).map((line) => line.split(" ").at(-1))).toEqual([
    "one",
    "known",
    "two",
    "known",
  ]);
});
