import { text } from "agentscope-runtime";
import { expect, test, vi } from "vitest";
import { a2aClient, agUiClient, type Binding, openaiClient, post, stateOf } from "./support/clients.ts";
import { everyProtocol, runOf, serve } from "./support/serve.ts";
import { starters } from "./support/starters.ts";

/** Serves an agent that goes on until it is canceled, and tells of the run that it is at. */
async function serveHeld(): Promise<{ readonly url: string; readonly begun: Promise<string> }> {
  const begun = Promise.withResolvers<string>();
  const app = everyProtocol().query(text(), async function* ({ request, signal }) {
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    yield "Hello";
    begun.resolve(request.id);
    await aborted;
  });
  return { url: await serve(app), begun: begun.promise };
}

interface Canceler {
  /** Cancels a run of whichever protocol, and resolves to what its client is told. */
  cancel(url: string, id: string): Promise<unknown>;
  readonly told: unknown;
  /** Whose runs it may not cancel, and why. */
  readonly refuses?: Readonly<Record<string, string>>;
}

const cancelers: Readonly<Record<string, Canceler>> = {
  "the Agent API": {
    cancel: overAgentApi,
    told: { status: "canceled" },
  },
  Responses: {
    cancel: (url, id) => openaiClient(url).responses.cancel(id),
    told: { status: "cancelled" },
    refuses: {
      Responses: "OpenAI's API cancels responses in the background only",
      "Responses as a stream": "OpenAI's API cancels responses in the background only",
    },
  },
  "A2A over JSON-RPC": a2a("JSONRPC"),
  "A2A over HTTP": a2a("HTTP+JSON"),
  "A2A over gRPC": a2a("GRPC"),
};

async function overAgentApi(url: string, id: string): Promise<unknown> {
  return (await post(`${url}/runs/${id}/cancel?wait=true`, {})).json();
}

function a2a(binding: Binding): Canceler {
  return {
    cancel: async (url, id) =>
      stateOf(await (await a2aClient(url, { binding })).cancelTask({ tenant: "", id, metadata: {} })),
    told: "TASK_STATE_CANCELED",
  };
}

const pairs = Object.entries(starters).flatMap(([starter, from]) =>
  Object.entries(cancelers).map(([canceler, by]) => ({
    starter,
    canceler,
    from,
    by,
    reason: by.refuses?.[starter],
  })),
);
const allowed = pairs.filter(({ reason }) => reason === undefined);
const refused = pairs.filter(({ reason }) => reason !== undefined);

test.each(allowed)("a run started over $starter is canceled over $canceler", async ({ from, by }) => {
  const { url, begun } = await serveHeld();
  const { end } = await from.start(url);
  const id = await begun;
  const { told } = by;
  expect({ told: await by.cancel(url, id) }).toMatchObject({ told });
  expect({ end: await end }).toMatchObject({ end: from.canceled });
  expect(await runOf(url, id)).toMatchObject({ status: "canceled" });
  // Once more changes nothing.
  expect({ told: await by.cancel(url, id) }).toMatchObject({ told });
});

test.each(refused)(
  "a run started over $starter is not canceled over $canceler: $reason",
  async ({ from, by }) => {
    const { url, begun } = await serveHeld();
    const { end } = await from.start(url);
    const id = await begun;
    await expect(by.cancel(url, id)).rejects.toMatchObject({ status: 400 });
    expect(await runOf(url, id)).toMatchObject({ status: "in_progress", cancel_reason: null });
    await overAgentApi(url, id);
    await end;
  },
);

const leaving = Object.entries(starters).filter(([name]) => name === "AG-UI" || name.startsWith("MCP"));

test.each(leaving)("a client of %s cancels its own run by leaving it", async (_, { start }) => {
  const { url, begun } = await serveHeld();
  const { end, leave } = await start(url);
  const id = await begun;
  // What a client makes of a call that it has given up is its own matter.
  const settled = Promise.allSettled([end]);
  leave?.();
  await vi.waitFor(async () => expect(await runOf(url, id)).toMatchObject({ status: "canceled" }));
  await settled;
});

/** What has no word for the cancellation of a run that another client has started, and what its clients could try. */
const silent = [
  {
    name: "AG-UI",
    reason: "it cancels by closing the connection that started the run",
    leave: async (url: string, id: string) => {
      const { session_id: threadId, user_id } = await runOf(url, id);
      const watcher = agUiClient(url, { path: `/ag-ui/connect?user_id=${user_id}`, threadId });
      const watching = watcher.ask().catch(() => undefined);
      await watcher.seen("RUN_STARTED");
      watcher.abortRun();
      await watching;
    },
  },
  {
    name: "MCP",
    reason: "a cancellation names a request of the client's own",
    leave: async (url: string, id: string) => {
      const message = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } };
      const accept = "application/json, text/event-stream";
      const headers = { accept, "mcp-protocol-version": "2025-11-25" };
      expect((await post(`${url}/mcp`, message, headers)).status).toBe(202);
    },
  },
  {
    name: "Chat",
    reason: "it has no cancellation, and who leaves does not end the run",
    leave: async () => undefined,
  },
];

test.each(silent)("$name cancels no run of others: $reason", async ({ name, leave }) => {
  for (const [starter, { start, canceled }] of Object.entries(starters)) {
    if (starter.startsWith(name)) continue;
    const { url, begun } = await serveHeld();
    const { end } = await start(url);
    const id = await begun;
    await leave(url, id);
    expect(await runOf(url, id)).toMatchObject({ status: "in_progress", cancel_reason: null });
    await overAgentApi(url, id);
    expect({ end: await end }).toMatchObject({ end: canceled });
  }
});
