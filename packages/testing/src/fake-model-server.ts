import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type FakeReply, finishReasonOf, toDeltas, toMessage } from "./fake-model-server-reply.ts";
import type { FakeModelRequest, FakeRequestBody } from "./fake-model-server-request.ts";

export type { FakeReply, FakeToolCall } from "./fake-model-server-reply.ts";
export type { FakeModelRequest, FakeRequestBody, FakeRequestMessage } from "./fake-model-server-request.ts";

export interface FakeModelServerOptions {
  /** The answers, in order, or a function that gives the answer to a request. More can be added with `reply`. */
  readonly replies?:
    | readonly FakeReply[]
    | ((request: FakeModelRequest) => FakeReply | Promise<FakeReply>)
    | undefined;
}

/**
 * A model with scripted answers behind real HTTP: it speaks the OpenAI-compatible chat completions wire on a free
 * port of the loopback interface, streaming or not, and can fail in every way a real one does. Messages with an empty name
 * are refused, whatever the script says.
 */
export class FakeModelServer implements AsyncDisposable {
  /** Every request received so far, oldest first. */
  readonly requests: FakeModelRequest[] = [];
  readonly #queue: FakeReply[] = [];
  readonly #answer: ((request: FakeModelRequest) => FakeReply | Promise<FakeReply>) | undefined;
  readonly #server: Server;
  #seen = 0;
  #arrived = Promise.withResolvers<void>();

  private constructor({ replies }: FakeModelServerOptions) {
    if (typeof replies === "function") this.#answer = replies;
    else this.#queue.push(...(replies ?? []));
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** Resolves to a server that listens. */
  static async start(options: FakeModelServerOptions = {}): Promise<FakeModelServer> {
    const fake = new FakeModelServer(options);
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  /** The base URL to give to a client; it ends in `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** Adds answers behind those that are still waiting. */
  reply(...replies: FakeReply[]): this {
    this.#queue.push(...replies);
    return this;
  }

  /** Resolves to the oldest request that no earlier call has returned. */
  async nextRequest(): Promise<FakeModelRequest> {
    for (;;) {
      const request = this.requests[this.#seen];
      if (request !== undefined) {
        this.#seen += 1;
        return request;
      }
      await this.#arrived.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url ?? "/";
    const body = parseBody(await readText(incoming));
    if (incoming.method === "GET" && path.endsWith("/models")) {
      return sendJson(response, 200, { object: "list", data: [{ id: "fake", object: "model" }] });
    }
    if (incoming.method !== "POST" || !path.endsWith("/chat/completions")) {
      return sendJson(response, 404, { error: { message: `There is no ${incoming.method} ${path}.` } });
    }
    if (body === undefined) return sendJson(response, 400, { error: { message: "The body is not JSON." } });
    const request = this.#record(incoming, response, path, body);
    const unnamed = body.messages?.findIndex(({ name }) => name === "") ?? -1;
    if (unnamed !== -1) {
      const message = `Invalid 'messages[${unnamed}].name': empty string.`;
      return sendJson(response, 400, { error: { message, type: "invalid_request_error" } });
    }
    const reply = this.#answer ? await this.#answer(request) : this.#queue.shift();
    if (reply === undefined) {
      const error = { message: "The script of the fake model has no further reply." };
      return sendJson(response, 500, { error }, { "x-should-retry": "false" });
    }
    await send(response, request, reply);
  }

  #record(
    incoming: IncomingMessage,
    response: ServerResponse,
    path: string,
    body: FakeRequestBody,
  ): FakeModelRequest {
    const closed = Promise.withResolvers<void>();
    response.once("close", () => {
      // `destroyed` by the script itself is not the client's doing.
      if (!response.writableFinished && !cutByScript.has(response)) closed.resolve();
    });
    const request = {
      method: incoming.method ?? "POST",
      path,
      headers: incoming.headers,
      body,
      closed: closed.promise,
    };
    this.requests.push(request);
    const { resolve } = this.#arrived;
    this.#arrived = Promise.withResolvers();
    resolve();
    return request;
  }
}

const cutByScript = new WeakSet<ServerResponse>();

async function send(response: ServerResponse, request: FakeModelRequest, reply: FakeReply): Promise<void> {
  if (reply.delay !== undefined) await sleep(reply.delay);
  if (reply.status !== undefined) {
    const body = reply.body ?? { error: { message: `Failed with ${reply.status}.`, type: "fake_error" } };
    return sendJson(response, reply.status, body, reply.headers);
  }
  const head = { id: "chatcmpl-fake", created: 1_700_000_000, model: request.body.model };
  if (request.body.stream === true) return sendStream(response, request, reply, head);
  await reply.hold;
  if (reply.ending === "stall") return;
  if (reply.ending === "cut") return cut(response);
  sendJson(response, 200, {
    ...head,
    object: "chat.completion",
    choices: [{ index: 0, message: toMessage(reply), finish_reason: finishReasonOf(reply) }],
    usage: reply.usage === undefined ? DEFAULT_USAGE : reply.usage,
  });
}

async function sendStream(
  response: ServerResponse,
  request: FakeModelRequest,
  reply: FakeReply,
  head: Record<string, unknown>,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", ...reply.headers });
  response.flushHeaders();
  const write = async (data: unknown): Promise<void> => {
    if (response.destroyed) return;
    if (!response.write(`data: ${JSON.stringify(data)}\n\n`)) {
      await drained(response);
    }
    if (reply.chunkDelay !== undefined) await sleep(reply.chunkDelay);
  };
  const chunk = (delta: Record<string, unknown>, finish_reason: string | null = null): unknown => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });

  await write(chunk({ role: "assistant", content: "" }));
  for (const delta of toDeltas(reply)) await write(chunk(delta));
  for (const raw of reply.chunks ?? []) await write(raw);
  await reply.hold;

  if (reply.ending === "stall") return;
  if (reply.ending === "cut") return cut(response);
  if (reply.streamError !== undefined) {
    await write({ error: reply.streamError });
    response.end();
    return;
  }
  const reason = finishReasonOf(reply);
  if (reason !== null) await write(chunk({}, reason));
  const usage = reply.usage === undefined ? DEFAULT_USAGE : reply.usage;
  if (usage !== null && request.body.stream_options?.include_usage === true) {
    await write({ ...head, object: "chat.completion.chunk", choices: [], usage });
  }
  response.end("data: [DONE]\n\n");
}

const DEFAULT_USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

async function drained(response: ServerResponse): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  done.abort();
}

function cut(response: ServerResponse): void {
  cutByScript.add(response);
  // What was written before still leaves, so that a client sees the same bytes on every run.
  response.socket?.destroySoon();
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

async function readText(incoming: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of incoming.setEncoding("utf8")) text += part;
  return text;
}

function parseBody(text: string): FakeRequestBody | undefined {
  try {
    return JSON.parse(text) as FakeRequestBody;
  } catch {
    return undefined;
  }
}
