import {
  type AgentPart,
  InMemoryRunStore,
  InMemorySessionHistoryService,
  text,
} from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { clientOf, joining } from "./support/client.ts";
import { agUiApp, parts, serve } from "./support/serve.ts";

/** An agent that says each piece when it is let. */
function paced(options: Parameters<typeof agUiApp>[0] = {}) {
  const gates: PromiseWithResolvers<void>[] = [];
  const aborted = Promise.withResolvers<void>();
  const script = (run: string): AgentPart[] => [
    { kind: "reasoning-delta", messageId: `${run}_1`, text: "Hm" },
    { kind: "reasoning-delta", messageId: `${run}_1`, text: "m." },
    { kind: "state-snapshot", snapshot: { at: 1 } },
    { kind: "step", name: "talk", status: "started" },
    { kind: "text-delta", messageId: `${run}_1`, text: "Hel" },
    { kind: "text-delta", messageId: `${run}_1`, text: "lo" },
    { kind: "tool-call", callId: run, name: "look", messageId: `${run}_1` },
    { kind: "tool-arguments-delta", callId: run, text: '{"a":' },
    { kind: "tool-arguments-delta", callId: run, text: '"a long text"}' },
    { kind: "image", messageId: `${run}_2`, url: "http://x/y.png" },
    { kind: "tool-result", callId: run, output: "seen" },
    { kind: "step", name: "talk", status: "finished" },
    { kind: "state-patch", patch: [{ op: "replace", path: "/at", value: 2 }] },
    { kind: "text-delta", messageId: `${run}_2`, text: "Bye" },
  ];
  const places: PromiseWithResolvers<void>[] = [];
  const app = agUiApp(options).query(
    parts(),
    async function* ({ request, signal }): AsyncGenerator<AgentPart> {
      signal.addEventListener("abort", () => aborted.resolve());
      for (const [index, part] of script(request.id).entries()) {
        reached(index).resolve();
        await gate(index).promise;
        signal.throwIfAborted();
        yield part;
      }
    },
  );
  const reached = (index: number) => (places[index] ??= Promise.withResolvers<void>());
  const gate = (index: number) => (gates[index] ??= Promise.withResolvers<void>());
  return {
    app,
    length: script("").length,
    aborted: aborted.promise,
    reached: (index: number) => reached(index).promise,
    open: (index: number) => gate(index).resolve(),
  };
}

describe("whoever connects to a thread", () => {
  it.each(Array.from({ length: 14 }, (_, index) => index))(
    "in the midst of a run, after %i parts, comes to the same as who started it, even with a part of it",
    async (known) => {
      const { app, length, open, reached } = paced();
      const first = clientOf(await serve(app));
      const done = first.say("Hi");
      await first.seen("RUN_STARTED");
      for (let index = 0; index < known; index++) open(index);
      await reached(known);
      const stranger = joining(first);
      const cutOff = joining(first);
      const joined = [stranger, cutOff].map(async (client) => {
        const asked = client.ask();
        await client.seen("MESSAGES_SNAPSHOT");
        return { asked };
      });
      const asked = await Promise.all(joined);
      // Of the second one, what it has is what it had before: it comes back with that.
      cutOff.abortRun();
      const again = joining(first);
      again.setMessages([...cutOff.messages]);
      const back = again.ask();
      await again.seen("MESSAGES_SNAPSHOT");
      for (let index = known; index < length; index++) open(index);
      await Promise.all([done, asked[0]?.asked, back]);
      expect(stranger.messages).toEqual(first.messages);
      expect(again.messages).toEqual(first.messages);
      expect([stranger.state, again.state]).toEqual([{ at: 2 }, { at: 2 }]);
      expect(stranger.end).toEqual(first.end);
    },
  );

  it("gets all of it where nothing goes on, and may do so again and again", async () => {
    const { app, open, length } = paced();
    for (let index = 0; index < length; index++) open(index);
    const first = clientOf(await serve(app));
    await first.say("Hi");
    await first.say("And?");
    const late = joining(first);
    for (let times = 0; times < 2; times++) {
      expect(await late.ask()).toEqual([
        "RUN_STARTED",
        "STATE_SNAPSHOT",
        "MESSAGES_SNAPSHOT",
        "RUN_FINISHED",
      ]);
      expect(new Set(late.messages)).toEqual(new Set(first.messages));
      expect(late.state).toEqual({ at: 2 });
      expect(late.end).toEqual(first.end);
    }
    late.binary = true;
    await late.ask();
    expect(new Set(late.messages)).toEqual(new Set(first.messages));
  });

  it("follows the runs that wait their turn, too", async () => {
    const { app, open, length } = paced();
    const first = clientOf(await serve(app));
    const second = clientOf(first.url.replace("/ag-ui", ""), { threadId: first.threadId });
    const one = first.say("Hi", { runId: "run_1" });
    await first.seen("RUN_STARTED");
    const two = second.say("Ho", { runId: "run_2" });
    await second.seen("RUN_STARTED");
    const late = joining(first);
    const all = late.ask();
    await late.seen("RUN_STARTED");
    for (let index = 0; index < length; index++) open(index);
    await Promise.all([one, two, all]);
    const ends = late.events.filter(({ type }) => type === "RUN_FINISHED");
    expect(ends).toEqual([
      expect.objectContaining({ runId: "run_1" }),
      expect.objectContaining({ runId: "run_2" }),
    ]);
    expect(late.talk.filter(([role]) => role === "user").map(([, said]) => said)).toEqual(["Hi", "Ho"]);
  });

  it("gets the open questions back", async () => {
    const app = agUiApp().query(parts(), function* (): Generator<AgentPart> {
      yield { kind: "approval-request", requestId: "ask_1", name: "send", arguments: "{}" };
      yield { kind: "finish", reason: "input_required" };
    });
    const first = clientOf(await serve(app));
    await first.say("Hi");
    const late = joining(first);
    await late.ask();
    expect(late.pendingInterrupts).toEqual(first.pendingInterrupts);
    expect(late.pendingInterrupts).toHaveLength(1);
  });

  it("gets the questions back that are open again since the run with the answer has failed", async () => {
    const app = agUiApp().query(parts(), function* ({ request, msgs }): Generator<AgentPart> {
      if (request.continues === undefined) {
        yield { kind: "state-snapshot", snapshot: { step: 1 } };
        yield { kind: "text-delta", messageId: "M1", text: "May I?" };
        yield { kind: "approval-request", requestId: "ask_1", name: "send", arguments: "{}" };
        yield { kind: "finish", reason: "input_required" };
        return;
      }
      yield { kind: "text-delta", messageId: `M_${request.id}`, text: "Let me see." };
      if (JSON.stringify(msgs).includes("break")) throw new Error("broken");
    });
    const first = clientOf(await serve(app));
    await first.say("Hi");
    const answer = (reason: string) => ({
      resume: [{ interruptId: "ask_1", status: "resolved" as const, payload: { approved: true, reason } }],
    });
    for (const _ of [1, 2]) await first.ask(answer("break"));
    const late = joining(first);
    await late.ask();
    expect(late.pendingInterrupts).toEqual(first.pendingInterrupts);
    expect(late.pendingInterrupts).toHaveLength(1);
    expect(late.talk.map(([, said]) => said)).toEqual(["Hi", "May I?", "Let me see.", "Let me see."]);
    expect(late.state).toEqual({ step: 1 });
    await first.ask(answer("sure"));
    expect(first.end).toMatchObject({ type: "RUN_FINISHED", outcome: { type: "success" } });
    const later = joining(first);
    await later.ask();
    expect(later.pendingInterrupts).toEqual([]);
  });

  it("sees runs that came by another protocol, under the user that they were for", async () => {
    const url = await serve(agUiApp().query(text(), () => "Hello"));
    const input = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
    const body = JSON.stringify({ input, session_id: "s1", user_id: "alice", stream: false });
    await fetch(`${url}/process`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const client = clientOf(url, { threadId: "s1", path: "/ag-ui/connect?user_id=alice" });
    await client.ask();
    expect(client.talk).toEqual([
      ["user", "Hi"],
      ["assistant", "Hello"],
    ]);
    const stranger = clientOf(url, { threadId: "s1", path: "/ag-ui/connect" });
    await expect(stranger.ask()).rejects.toMatchObject({ status: 404 });
  });

  it("to one that is not there is refused", async () => {
    const client = clientOf(await serve(paced().app), { path: "/ag-ui/connect" });
    const refused = client.ask();
    await expect(refused).rejects.toMatchObject({
      status: 404,
      payload: { error: { code: "RESOURCE_NOT_FOUND" } },
    });
  });
});

describe("a client that leaves", () => {
  it("stops its run, which others see canceled", async () => {
    const { app, aborted, open } = paced();
    const client = clientOf(await serve(app));
    void client.say("Hi");
    await client.seen("RUN_STARTED");
    open(0);
    await client.seen("REASONING_MESSAGE_CONTENT");
    client.abortRun();
    await aborted;
    const late = joining(client);
    await late.ask();
    expect(late.end).toMatchObject({ type: "RUN_FINISHED", outcome: { type: "cancelled" } });
    expect(late.talk).toEqual([
      ["user", "Hi"],
      ["reasoning", "Hm"],
    ]);
  });

  it("and is back in time does not stop it, until it leaves again", async () => {
    const { app, aborted, open } = paced({ streams: { disconnectGrace: 200 } });
    const client = clientOf(await serve(app));
    void client.say("Hi");
    await client.seen("RUN_STARTED");
    client.abortRun();
    const back = joining(client);
    void back.ask();
    await back.seen("RUN_STARTED");
    await new Promise((resolve) => setTimeout(resolve, 400));
    open(0);
    await back.seen("REASONING_MESSAGE_CONTENT");
    back.abortRun();
    await aborted;
  });

  it("lets its run go on where the app says so", async () => {
    const { app, open, length } = paced({ agUi: { onDisconnect: "continue" } });
    const client = clientOf(await serve(app));
    void client.say("Hi");
    await client.seen("RUN_STARTED");
    client.abortRun();
    await new Promise((resolve) => setTimeout(resolve, 60));
    for (let index = 0; index < length; index++) open(index);
    const late = joining(client);
    await late.ask();
    expect(late.end.outcome).toEqual({ type: "success" });
  });
});

it("a run that is canceled over the Agent API ends as cancelled", async () => {
  const { app } = paced();
  const client = clientOf(await serve(app));
  const done = client.say("Hi", { runId: "run_1" });
  await client.seen("RUN_STARTED");
  await fetch(client.url.replace("/ag-ui", "/runs/run_1/cancel"), { method: "POST" });
  await done;
  expect(client.end).toMatchObject({ type: "RUN_FINISHED", outcome: { type: "cancelled" } });
});

describe("of a conversation that a client sends again and again", () => {
  function listening(options: Parameters<typeof agUiApp>[0] = {}) {
    const heard: string[][] = [];
    const app = agUiApp(options).query(text(), ({ msgs }) => {
      heard.push(msgs.map(({ id }) => id));
      return `answer ${heard.length}`;
    });
    return { app, heard };
  }

  it("the agent is handed what is new", async () => {
    const { app, heard } = listening();
    const client = clientOf(await serve(app));
    client.setMessages([
      { id: "s", role: "system", content: "Be kind." },
      { id: "u0", role: "user", content: "Before" },
      { id: "a0", role: "assistant", content: "Yes" },
      { id: "u1", role: "user", content: "Hi" },
    ]);
    await client.ask();
    client.addMessages([
      { id: "u2", role: "user", content: "And?" },
      { id: "u3", role: "user", content: "So?" },
    ]);
    await client.ask();
    // With nothing new it is the last turn that is asked for again.
    client.setMessages(client.messages.slice(0, -1));
    await client.ask();
    expect(heard).toEqual([
      ["s", "u0", "a0", "u1"],
      ["u2", "u3"],
      ["u2", "u3"],
    ]);
  });

  it("the agent is handed the last turn, where the client has other ids than the thread", async () => {
    const { app, heard } = listening();
    const client = clientOf(await serve(app));
    await client.say("Hi");
    client.setMessages([
      { id: "x1", role: "user", content: "Hi" },
      { id: "x2", role: "assistant", content: "answer 1" },
      { id: "x3", role: "user", content: "And?" },
    ]);
    await client.ask();
    expect(heard[1]).toEqual(["x3"]);
  });

  it("the agent is handed what it has not heard since the run was canceled before its turn", async () => {
    const gate = Promise.withResolvers<void>();
    const heard: string[][] = [];
    const app = agUiApp().query(text(), async ({ msgs }) => {
      heard.push(msgs.map(({ id }) => id));
      if (heard.length === 1) await gate.promise;
      return "ok";
    });
    const url = await serve(app);
    const client = clientOf(url);
    const first = client.say("Hi");
    await expect.poll(() => heard).toHaveLength(1);
    const messages = [...client.messages, { id: "u2", role: "user", content: "It is 5." } as const];
    const second = clientOf(url, { threadId: client.threadId });
    second.setMessages(messages);
    const asked = second.ask({ runId: "run_2" });
    await second.seen("RUN_STARTED");
    await fetch(`${url}/runs/run_2/cancel`, { method: "POST" });
    await asked;
    expect(second.end.outcome).toEqual({ type: "cancelled" });
    gate.resolve();
    await first;
    second.addMessage({ id: "u3", role: "user", content: "What is it?" });
    await second.ask();
    expect(heard[1]).toEqual(["u2", "u3"]);
    const late = joining(client);
    await late.ask();
    expect(late.messages.filter(({ role }) => role === "user").map(({ id }) => id)).toEqual([
      client.messages[0]?.id,
      "u2",
      "u3",
    ]);
  });

  it("nothing is heard twice where the runs are gone, but the history is not", async () => {
    const history = new InMemorySessionHistoryService();
    const heard: string[][] = [];
    const app = agUiApp({ runStore: new InMemoryRunStore({ maxFinishedRuns: 0 }) })
      .init(async () => {
        await history.start();
        return { history };
      })
      .query(text(), ({ msgs }) => {
        heard.push(msgs.map(({ id }) => id));
        return "ok";
      });
    const client = clientOf(await serve(app));
    await client.say("Hi");
    client.addMessage({ id: "u2", role: "user", content: "And?" });
    await client.ask();
    expect(heard[1]).toEqual(["u2"]);
  });
});

describe("a runId", () => {
  const answering = () => {
    let asked = 0;
    return agUiApp().query(text(), () => `answer ${++asked}`);
  };

  it("that comes again with the same request gets the same run", async () => {
    const client = clientOf(await serve(answering()));
    await client.say("Hi", { runId: "run_1" });
    await client.say("And?", { runId: "run_2" });
    const events = client.events;
    client.setMessages(client.messages.slice(0, -1));
    await client.ask({ runId: "run_2" });
    expect(client.events).toEqual(events);
  });

  it("that comes again with another request, or on another thread, is a conflict", async () => {
    const client = clientOf(await serve(answering()));
    await client.say("Hi", { runId: "run_1" });
    await expect(client.say("Ho", { runId: "run_1" })).rejects.toMatchObject({ status: 409 });
    const other = clientOf(client.url.replace("/ag-ui", ""));
    await expect(other.say("Hi", { runId: "run_1" })).rejects.toMatchObject({
      status: 409,
      payload: { error: { code: "RUN_ID_CONFLICT" } },
    });
  });
});

it("hosted agents have routes of their own", async () => {
  const joker = agUiApp({ protocols: [] }).query(text(), () => "Ha");
  const app = agUiApp()
    .query(text(), () => "Hello")
    .host("joker", joker);
  const url = await serve(app);
  const said = async (path: string) => {
    const client = clientOf(url, { path });
    await client.say("Hi");
    return client.talk.at(-1)?.[1];
  };
  expect(await said("/ag-ui")).toBe("Hello");
  expect(await said("/agents/Friday/ag-ui")).toBe("Hello");
  expect(await said("/agents/joker/ag-ui")).toBe("Ha");
  await expect(said("/agents/nobody/ag-ui")).rejects.toMatchObject({ status: 404 });
  const [own, hosted] = ["/ag-ui", "/agents/joker/ag-ui"].map((path) =>
    clientOf(url, { path, threadId: "t" }),
  );
  await own?.say("Hi");
  const late = clientOf(url, { path: "/agents/joker/ag-ui/connect", threadId: "t" });
  await expect(late.ask()).rejects.toMatchObject({ status: 404 });
  await hosted?.say("Hi");
  await late.ask();
  expect(late.talk.at(-1)).toEqual(["assistant", "Ha"]);
});

describe("with credentials", () => {
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => {
    const [, userId] = /^Bearer (\w+)$/.exec(String(headers.authorization)) ?? [];
    return userId === undefined ? undefined : { userId };
  };
  const app = () => agUiApp({ authenticate }).query(text(), ({ session }) => `Hello ${session.userId}`);

  it("threads are their users' own", async () => {
    const url = await serve(app());
    const alice = clientOf(url, { threadId: "t", token: "alice" });
    await alice.say("Hi", { runId: "run_1" });
    expect(alice.talk.at(-1)).toEqual(["assistant", "Hello alice"]);
    await expect(joining(alice, "bob").ask()).rejects.toMatchObject({ status: 404 });
    const bob = clientOf(url, { threadId: "t", token: "bob" });
    await bob.say("Hi");
    expect(bob.talk.at(-1)).toEqual(["assistant", "Hello bob"]);
    await joining(alice, "alice").ask();
  });

  it("nobody asks without, or as somebody else", async () => {
    const url = await serve(app());
    await expect(clientOf(url).say("Hi")).rejects.toMatchObject({ status: 401 });
    for (const path of ["/ag-ui", "/ag-ui/connect"]) {
      const client = clientOf(url, { path: `${path}?user_id=bob`, token: "alice" });
      await expect(client.say("Hi")).rejects.toMatchObject({ status: 403 });
    }
  });
});
