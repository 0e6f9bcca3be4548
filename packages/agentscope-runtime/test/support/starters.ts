import {
  type AgUiClient,
  a2aClient,
  agUiClient,
  ask,
  type Binding,
  collect,
  eventsIn,
  mcpClient,
  openaiClient,
  post,
  type Revision,
  say,
  statesOf,
} from "./clients.ts";

/** A run as the client sees it that has started it. */
export interface Started {
  /** What the client sees of the run's end. */
  readonly end: Promise<unknown>;
  /** Gives the run up in the way of the protocol, where that is something the client does with its own call. */
  readonly leave?: () => void;
}

/** Starts a run over a protocol by its own client. */
export interface Starter {
  start(url: string): Promise<Started>;
  /** What its client sees of a run that was canceled. */
  readonly canceled: unknown;
}

const hi = { model: "Friday", input: "Hi" };
const chat = { model: "Friday", messages: [{ role: "user" as const, content: "Hi" }] };

/** Every way to start a run. */
export const starters: Readonly<Record<string, Starter>> = {
  "the Agent API": {
    start: async (url) => {
      const stream = await post(`${url}/process`, ask("Hi"));
      return { end: stream.text().then(async (all) => (await eventsIn(all)).at(-1)) };
    },
    canceled: { object: "response", status: "canceled" },
  },
  "the Agent API as a task": {
    start: async (url) => {
      const { task_id } = await json(post(`${url}/process/task`, ask("Hi")));
      const followed = fetch(`${url}/runs/${task_id}/events`).then((stream) => stream.text());
      return { end: followed.then(() => json(fetch(`${url}/process/task/${task_id}`))) };
    },
    canceled: { status: "canceled", result: { status: "canceled" }, error: null },
  },
  "Responses in the background": {
    start: async (url) => {
      const { responses } = openaiClient(url);
      const { id } = await responses.create({ ...hi, background: true });
      const followed = responses.retrieve(id, { stream: true }).then((stream) => Array.fromAsync(stream));
      return { end: followed.then(() => responses.retrieve(id)) };
    },
    canceled: { status: "cancelled", background: true },
  },
  "Responses as a stream in the background": {
    start: async (url) =>
      streamed(await openaiClient(url).responses.create({ ...hi, background: true, stream: true })),
    canceled: { type: "response.failed", response: { status: "cancelled" } },
  },
  "Responses as a stream": {
    start: async (url) => streamed(await openaiClient(url).responses.create({ ...hi, stream: true })),
    canceled: { type: "response.failed", response: { status: "cancelled" } },
  },
  Responses: {
    start: async (url) => ({ end: openaiClient(url).responses.create(hi) }),
    canceled: { status: "cancelled" },
  },
  "Chat as a stream": {
    start: async (url) => {
      const stream = await openaiClient(url).chat.completions.create({ ...chat, stream: true });
      return { end: Array.fromAsync(stream).catch(refusal) };
    },
    canceled: { code: "run_canceled" },
  },
  Chat: {
    start: async (url) => ({ end: openaiClient(url).chat.completions.create(chat).catch(refusal) }),
    canceled: { status: 499, code: "run_canceled" },
  },
  "A2A over JSON-RPC": a2a("JSONRPC"),
  "A2A over HTTP": a2a("HTTP+JSON"),
  "A2A over gRPC": a2a("GRPC"),
  "AG-UI": {
    start: async (url) => {
      const client: AgUiClient = agUiClient(url);
      return { end: client.say("Hi").then(() => client.end), leave: () => client.abortRun() };
    },
    canceled: { type: "RUN_FINISHED", outcome: { type: "cancelled" } },
  },
  "MCP of 2025": mcp("2025-11-25"),
  "MCP of 2026": mcp("2026-07-28"),
};

function a2a(binding: Binding): Starter {
  return {
    start: async (url) => {
      const client = await a2aClient(url, { binding });
      return { end: collect(client.sendMessageStream(say("Hi"))).then((events) => statesOf(events).at(-1)) };
    },
    canceled: "TASK_STATE_CANCELED",
  };
}

function mcp(revision: Revision): Starter {
  return {
    start: async (url) => {
      const client = await mcpClient(url, revision);
      const abort = new AbortController();
      const call = client.callTool(
        { name: "Friday", arguments: { message: "Hi" } },
        { signal: abort.signal },
      );
      return { end: call, leave: () => abort.abort() };
    },
    canceled: { isError: true, structuredContent: { status: "canceled" } },
  };
}

async function streamed(stream: AsyncIterable<unknown>): Promise<Started> {
  return { end: Array.fromAsync(stream).then((events) => events.at(-1)) };
}

function refusal(error: { readonly status?: number; readonly code?: string }): object {
  return { status: error.status, code: error.code };
}

async function json<Body = { readonly task_id: string }>(answer: Promise<Response>): Promise<Body> {
  return (await answer).json() as Promise<Body>;
}
