import type { AgentResponse, Message } from "@agentscope-runtime/agent-api";
import {
  type CreateResult,
  InMemoryRunStore,
  InMemoryStateService,
  type NewRun,
  type RunSessionHandle,
  RuntimeError,
  type SessionHandle,
  text,
} from "@agentscope-runtime/core";
import { expect, onTestFinished, test } from "vitest";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted, Gate } from "./support/gate.ts";
import { keepingApp, Services } from "./support/keeping-app.ts";
import { LastingRunStore, leaveBehind } from "./support/left-behind.ts";
import { post, refusal } from "./support/post.ts";
import { protocolSpy } from "./support/protocol-spy.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

interface Page<Item> {
  readonly object: string;
  readonly data: Item[];
  readonly next_cursor: string | null;
}
interface SessionView {
  readonly id: string;
  readonly name: string | null;
  readonly metadata: object;
  readonly message_count: number;
  readonly updated_at: number;
}
type OpenedSession = SessionView & { readonly messages: Page<Message> };

const IDS = { session_id: "s", user_id: "u" };
const SESSION = { agent: "Friday", userId: "u", sessionId: "s" };
const NOTHING = [null, null, 0];

function send(method: string, url: string, body?: unknown, headers: object = {}): Promise<Response> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return fetch(url, { method, headers: { ...type, ...headers }, ...json });
}

async function get<Answer>(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(url, { headers });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Answer;
}

async function say(url: string, words: string, more: object = IDS): Promise<AgentResponse> {
  const answer = await post(`${url}/process`, ask(words, { stream: false, ...more }));
  return (await answer.json()) as AgentResponse;
}

const idsOf = ({ data }: Page<{ readonly id: string }>) => data.map(({ id }) => id);

test("sessions are listed page by page, the most recently used first, each user's and agent's own", async () => {
  const services = new Services();
  const app = keepingApp(services).host("other", keepingApp(services));
  const { url } = await serve(app);
  for (const id of ["a", "b", "c", "a"]) await say(url, "Hi", { session_id: id, user_id: "u" });
  await say(url, "Hi", { session_id: "d", user_id: "another" });
  await say(`${url}/agents/other`, "Hi", { session_id: "e", user_id: "u" });

  const first = await get<Page<SessionView>>(`${url}/sessions?user_id=u&limit=2`);
  expect(first).toMatchObject({
    object: "list",
    data: [
      {
        object: "session",
        id: "a",
        agent: "Friday",
        user_id: "u",
        name: null,
        metadata: {},
        message_count: 4,
      },
      { id: "c", message_count: 2 },
    ],
  });
  const rest = await get<Page<SessionView>>(`${url}/sessions?user_id=u&cursor=${first.next_cursor}`);
  expect([idsOf(rest), rest.next_cursor]).toEqual([["b"], null]);
  expect(idsOf(await get(`${url}/sessions?user_id=another`))).toEqual(["d"]);
  expect(idsOf(await get(`${url}/agents/other/sessions?user_id=u`))).toEqual(["e"]);
  expect(idsOf(await get(`${url}/sessions?user_id=nobody`))).toEqual([]);

  expect(await refusal(await fetch(`${url}/sessions`))).toBe("400 MISSING_PARAMETER");
  expect(await refusal(await fetch(`${url}/sessions?user_id=u&cursor=made-up`))).toBe(
    "400 INVALID_PARAMETER",
  );
  expect(await refusal(await fetch(`${url}/sessions?user_id=u&limit=0`))).toBe("400 INVALID_PARAMETER");
});

test("a session shows its messages page by page, from either end", async () => {
  const { url } = await serve(keepingApp(new Services()));
  for (const words of ["one", "two", "three"]) await say(url, words);
  const at = `${url}/sessions/s`;
  const all = await get<Page<Message>>(`${at}/messages?user_id=u`);
  expect(all.data.map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
    "user",
    "assistant",
  ]);
  expect(await get<OpenedSession>(`${at}?user_id=u`)).toMatchObject({
    id: "s",
    message_count: 6,
    messages: all,
  });

  for (const order of ["asc", "desc"]) {
    const seen: string[] = [];
    let cursor = "";
    do {
      const query = `user_id=u&order=${order}&limit=4${cursor}`;
      const { messages } = await get<OpenedSession>(`${at}?${query}`);
      expect(await get<Page<Message>>(`${at}/messages?${query}`)).toEqual(messages);
      seen.push(...idsOf(messages));
      cursor = messages.next_cursor === null ? "" : `&cursor=${messages.next_cursor}`;
    } while (cursor !== "");
    expect(seen).toEqual(order === "asc" ? idsOf(all) : idsOf(all).reverse());
  }
  for (const path of ["/sessions/none", "/sessions/none/messages"]) {
    expect(await refusal(await fetch(`${url}${path}`))).toBe("404 RESOURCE_NOT_FOUND");
  }
});

test("the history and the run log have the same messages", async () => {
  const { url } = await serve(keepingApp(new Services()));
  for (const words of ["one", "two", "three"]) await say(url, words);
  const { data } = await get<Page<Message>>(`${url}/sessions/s/messages?user_id=u`);
  const runs = await get<Page<{ id: string }>>(`${url}/runs?session_id=s&user_id=u`);
  const outputs: unknown[] = [];
  for (const id of idsOf(runs).reverse()) {
    const { response } = await get<{ response: AgentResponse }>(`${url}/runs/${id}`);
    outputs.push(...(response.output ?? []));
  }
  expect(outputs).toHaveLength(3);
  expect(data.filter(({ role }) => role === "assistant")).toEqual(outputs);
});

test("a session can be created, renamed and labelled, and what is null is taken away", async () => {
  const { url } = await serve(keepingApp(new Services()));
  const created = await post(`${url}/sessions`, {
    id: "s",
    user_id: "u",
    name: "First",
    metadata: { pinned: true },
  });
  expect(created.status).toBe(201);
  expect(await created.json()).toMatchObject({ id: "s", user_id: "u", name: "First", message_count: 0 });
  expect(await refusal(await post(`${url}/sessions`, { id: "s", user_id: "u" }))).toBe("409 SESSION_EXISTS");

  const patch = async (body: unknown) => (await send("PATCH", `${url}/sessions/s?user_id=u`, body)).json();
  expect(await patch({ name: "Trip" })).toMatchObject({ name: "Trip", metadata: { pinned: true } });
  expect(await patch({ metadata: { tag: "x" } })).toMatchObject({ name: "Trip", metadata: { tag: "x" } });
  await say(url, "Hi");
  expect(await patch({ name: null, metadata: null })).toMatchObject({
    name: null,
    metadata: {},
    message_count: 2,
  });

  const refused = async (id: string, body: unknown) =>
    refusal(await send("PATCH", `${url}/sessions/${id}`, body));
  expect(await refused("none", { name: "x" })).toBe("404 RESOURCE_NOT_FOUND");
  expect(await refused("s", { name: 1 })).toBe("400 INVALID_PARAMETER");
  expect(await refused("s", { metadata: [] })).toBe("400 INVALID_PARAMETER");

  const { id, user_id } = (await (await send("POST", `${url}/sessions`)).json()) as Record<string, string>;
  expect(user_id).toBe(id);
  expect(await get<SessionView>(`${url}/sessions/${id}`)).toMatchObject({ id });
});

test("a session of nobody in particular is found by its id alone", async () => {
  const services = new Services();
  const { url } = await serve(keepingApp(services));
  await say(url, "Hi", { session_id: "very/odd ?ü" });
  const at = `${url}/sessions/${encodeURIComponent("very/odd ?ü")}`;
  expect(await get<OpenedSession>(at)).toMatchObject({ id: "very/odd ?ü", message_count: 2 });
  expect((await send("DELETE", at)).status).toBe(204);
  expect((await fetch(at)).status).toBe(404);
});

test("with authenticate, callers have their own sessions and see no others", async () => {
  const services = new Services();
  const { url } = await serve(
    keepingApp(services, undefined, {
      authenticate: ({ headers }) => ({ userId: String(headers.authorization) }),
    }),
  );
  const alice = { authorization: "alice" };
  const bob = { authorization: "bob" };
  await post(`${url}/process`, ask("Hi", { session_id: "s", stream: false }), alice);
  expect(idsOf(await get(`${url}/sessions`, alice))).toEqual(["s"]);
  expect(idsOf(await get(`${url}/sessions`, bob))).toEqual([]);
  for (const path of ["/sessions/s", "/sessions/s/messages"]) {
    expect(await refusal(await fetch(`${url}${path}`, { headers: bob }))).toBe("404 RESOURCE_NOT_FOUND");
    expect(await refusal(await fetch(`${url}${path}?user_id=alice`, { headers: bob }))).toBe(
      "403 ACCESS_DENIED",
    );
  }
  expect(await refusal(await fetch(`${url}/sessions?user_id=alice`, { headers: bob }))).toBe(
    "403 ACCESS_DENIED",
  );
  const rename = (headers: object) => send("PATCH", `${url}/sessions/s`, { name: "Mine" }, headers);
  expect(await refusal(await rename(bob))).toBe("404 RESOURCE_NOT_FOUND");
  expect((await rename(alice)).status).toBe(200);

  // In Bob's name there is nothing to delete; Alice's session stays as it is.
  expect((await send("DELETE", `${url}/sessions/s`, undefined, bob)).status).toBe(204);
  expect(await refusal(await send("DELETE", `${url}/sessions/s?user_id=alice`, undefined, bob))).toBe(
    "403 ACCESS_DENIED",
  );
  expect(await get<SessionView>(`${url}/sessions/s`, alice)).toMatchObject({
    name: "Mine",
    message_count: 2,
  });
  expect(idsOf(await get(`${url}/runs?session_id=s`, alice))).toHaveLength(1);
  expect((await send("DELETE", `${url}/sessions/s`, undefined, alice)).status).toBe(204);
  expect(idsOf(await get(`${url}/sessions`, alice))).toEqual([]);
});

test("an app without a history says what to add, and can still delete", async () => {
  const { url } = await serve(quietApp().query(text(), () => "Hello!"));
  await say(url, "Hi", { ...IDS, id: "run-1" });
  for (const [method, path, body] of [
    ["GET", "/sessions?user_id=u"],
    ["POST", "/sessions", {}],
    ["GET", "/sessions/s"],
    ["GET", "/sessions/s/messages"],
    ["PATCH", "/sessions/s", { name: "x" }],
  ] as const) {
    expect([method, path, await refusal(await send(method, `${url}${path}`, body))]).toEqual([
      method,
      path,
      "501 UNSUPPORTED",
    ]);
  }
  expect((await send("DELETE", `${url}/sessions/s?user_id=u`)).status).toBe(204);
  expect((await fetch(`${url}/runs/run-1`)).status).toBe(404);
});

test("deleting a session deletes all there is of it, and nothing else", async () => {
  const services = new Services();
  const { url } = await serve(keepingApp(services));
  const key = { "idempotency-key": "key" };
  await post(`${url}/process`, ask("one", { ...IDS, id: "run-1", stream: false }), key);
  await say(url, "two");
  await say(url, "Hi", { ...IDS, session_id: "other", id: "run-2" });
  expect(await services.kept(SESSION)).toEqual([{ asked: 2 }, 4, 2]);

  const remove = () => send("DELETE", `${url}/sessions/s?user_id=u`);
  const removed = await remove();
  expect([removed.status, await removed.text()]).toEqual([204, ""]);
  expect(await services.kept(SESSION)).toEqual(NOTHING);
  expect(idsOf(await get(`${url}/runs?user_id=u`))).toEqual(["run-2"]);
  for (const path of ["/runs/run-1", "/runs/run-1/events", "/sessions/s?user_id=u"]) {
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  }
  expect(await services.kept({ ...SESSION, sessionId: "other" })).toEqual([{ asked: 1 }, 2, 1]);
  expect((await remove()).status).toBe(204);

  const again = await post(`${url}/process`, ask("new", { ...IDS, id: "run-1", stream: false }), key);
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, null]);
  expect(await services.kept(SESSION)).toEqual([{ asked: 1 }, 2, 1]);
});

test("deleting a session cancels its runs and waits for them, those of other processes included", async () => {
  for (const elsewhere of [false, true]) {
    const services = new Services();
    const runStore = new LastingRunStore();
    const app = () => keepingApp(services, ({ signal }) => aborted(signal), { runStore });
    const { url } = await serve(app());
    const watchers: EventReader[] = [];
    for (const id of ["run-1", "run-2"]) {
      watchers.push(await EventReader.open(`${url}/process`, { body: ask("Hi", { ...IDS, id }) }));
    }
    await watchers[0]?.until(({ object }) => object === "content");
    const remover = elsewhere ? (await serve(app())).url : url;
    expect((await send("DELETE", `${remover}/sessions/s?user_id=u`)).status).toBe(204);
    expect(await services.kept(SESSION)).toEqual(NOTHING);
    expect(idsOf(await get(`${url}/runs?user_id=u`))).toEqual([]);
    for (const watcher of watchers) {
      expect((await watcher.rest()).at(-1)).toMatchObject({
        status: "canceled",
        error: { message: "The session is deleted." },
      });
    }
  }
});

test("a handler that was given up on can't bring a deleted session back", async () => {
  const services = new Services();
  const gate = new Gate();
  const refusals: string[] = [];
  const later = Promise.withResolvers<void>();
  const deaf = async ({ session }: { readonly session: RunSessionHandle }) => {
    await gate.passed;
    const late = [
      services.state.saveState(session, { late: true }),
      services.history.appendMessages(session, [{ role: "assistant", content: [] }]),
      services.memory.addMemory(session, [{ role: "assistant", content: [] }]),
    ];
    for (const outcome of await Promise.allSettled(late)) {
      refusals.push(outcome.status === "rejected" ? outcome.reason.code : "written");
    }
    later.resolve();
  };
  const { url } = await serve(keepingApp(services, deaf));
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi", IDS) });
  await reader.until(({ object }) => object === "content");
  expect((await send("DELETE", `${url}/sessions/s?user_id=u`)).status).toBe(204);
  gate.open();
  await later.promise;
  expect(refusals).toEqual(["FENCED", "FENCED", "FENCED"]);
  expect(await services.kept(SESSION)).toEqual(NOTHING);
});

/** A state service whose first deletion does what it is told. */
class HeldStateService extends InMemoryStateService {
  readonly #held: () => Promise<void>;
  #first = true;

  constructor(held: () => Promise<void>) {
    super();
    this.#held = held;
  }

  override async deleteState(session: SessionHandle): Promise<void> {
    const first = this.#first;
    this.#first = false;
    if (first) await this.#held();
    await super.deleteState(session);
  }
}

test("a run that comes in the middle of a deletion leaves nothing half-deleted", async () => {
  for (const ended of [false, true]) {
    const deleting = new Gate();
    const gate = new Gate();
    const held = new HeldStateService(() => {
      deleting.open();
      return gate.passed;
    });
    const services = new Services(held);
    const { url } = await serve(
      keepingApp(services, ({ msgs, signal }) =>
        JSON.stringify(msgs).includes("wait") ? aborted(signal) : undefined,
      ),
    );
    await say(url, "one");
    const deletion = send("DELETE", `${url}/sessions/s?user_id=u`);
    await deleting.passed;
    if (ended) {
      expect((await say(url, "two")).status).toBe("completed");
    } else {
      const reader = await EventReader.open(`${url}/process`, { body: ask("wait", IDS) });
      await reader.until(({ object }) => object === "content");
    }
    gate.open();
    expect((await deletion).status).toBe(204);
    expect(await services.kept(SESSION)).toEqual(NOTHING);
    expect(idsOf(await get(`${url}/runs?user_id=u`))).toEqual([]);
    expect(await say(url, "three")).toMatchObject({ output: [{ content: [{ text: "Asked 1 times" }] }] });
  }
});

test("a deletion that fails in the middle can be done again", async () => {
  const services = new Services(
    new HeldStateService(async () => {
      throw new RuntimeError("DATABASE_ERROR", "The database is down.");
    }),
  );
  const { url } = await serve(keepingApp(services));
  await say(url, "one");
  const remove = () => send("DELETE", `${url}/sessions/s?user_id=u`);
  expect(await refusal(await remove())).toBe("500 DATABASE_ERROR");
  expect(idsOf(await get(`${url}/sessions?user_id=u`))).toEqual(["s"]);
  expect((await remove()).status).toBe(204);
  expect(await services.kept(SESSION)).toEqual(NOTHING);
});

test("several who delete a session at once all succeed", async () => {
  const services = new Services();
  const runStore = new LastingRunStore();
  const app = () => keepingApp(services, ({ signal }) => aborted(signal), { runStore });
  const urls = [(await serve(app())).url, (await serve(app())).url];
  const reader = await EventReader.open(`${urls[0]}/process`, { body: ask("Hi", IDS) });
  await reader.until(({ object }) => object === "content");
  const removed = await Promise.all(
    [...urls, ...urls].map((url) => send("DELETE", `${url}/sessions/s?user_id=u`)),
  );
  expect(removed.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
  expect(await services.kept(SESSION)).toEqual(NOTHING);
});

test("a session whose runs do not settle in time is busy, and can be deleted once they have", async () => {
  // Its owner is alive for all that anybody knows, and heeds no cancellation.
  const runStore = new LastingRunStore({ leaseTtl: 300 });
  const { lease } = await leaveBehind(runStore, { parts: [] });
  const beat = setInterval(() => runStore.renew(lease.owner), 50);
  onTestFinished(() => clearInterval(beat));
  const { url } = await serve(
    quietApp({ runStore, runs: { settleTimeout: 50 } }).query(text(), () => "Hello!"),
  );
  const remove = () => send("DELETE", `${url}/sessions/session?user_id=user`);
  expect(await refusal(await remove())).toBe("409 SESSION_BUSY");
  await runStore.release(lease);
  expect((await say(url, "Hi", { session_id: "session", user_id: "user" })).status).toBe("completed");
  expect((await remove()).status).toBe(204);
  expect(idsOf(await get(`${url}/runs`))).toEqual([]);
});

test("what waited for its turn and was canceled is not started by those who take it over", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  await leaveBehind(runStore);
  await runStore.requestCancel("run-1", { reason: "The session is deleted." });
  let started = 0;
  const { url } = await serve(
    quietApp({ runStore }).query(text(), () => {
      started++;
      return "never";
    }),
  );
  const reader = await EventReader.open(`${url}/runs/run-1/events`);
  expect((await reader.rest()).map(({ status }) => status)).toEqual(["created", "canceled"]);
  expect(started).toBe(0);
  expect((await send("DELETE", `${url}/sessions/session?user_id=user`)).status).toBe(204);
});

/** A store that tells of the run that stands for a deletion. */
class WatchedRunStore extends InMemoryRunStore {
  readonly #deletion = Promise.withResolvers<string>();

  get deletion(): Promise<string> {
    return this.#deletion.promise;
  }

  override async create(run: NewRun): Promise<CreateResult> {
    const result = await super.create(run);
    if (run.request.continues === "") this.#deletion.resolve(run.request.id);
    return result;
  }
}

test("what stands for a deletion is no run to anybody, whatever they ask", async () => {
  const runStore = new WatchedRunStore();
  const { protocol, context } = protocolSpy();
  const gate = new Gate();
  // Its handler takes its time, so that the deletion has to wait.
  const runs = { settleTimeout: 10_000 };
  const app = quietApp({ runStore, protocols: [protocol], runs }).query(text(), async function* () {
    await gate.passed;
    yield "Done";
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id: "working", ...IDS }) });
  await reader.until(({ status }) => status === "in_progress");
  const deletion = send("DELETE", `${url}/sessions/s?user_id=u`);
  const id = await runStore.deletion;
  expect((await runStore.list({ agent: "Friday" })).items).toHaveLength(2);
  const found = context().runs();
  for (const limit of [1, 2]) {
    const { items, nextCursor } = await found.list({ agent: "Friday", limit });
    expect([items.map((run) => run.id), nextCursor]).toEqual([["working"], undefined]);
  }
  await expect(found.get("Friday", id)).rejects.toMatchObject({ code: "RESOURCE_NOT_FOUND" });
  gate.open();
  expect((await deletion).status).toBe(204);
});
