import { type ProtocolContext, RuntimeError } from "@agentscope-runtime/core";
import {
  classifyInboundRequest,
  createMcpHandler,
  type McpHttpHandler,
  type McpServerFactory,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/server";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AgentCalls } from "./agent-calls.ts";
import { callerOf } from "./caller-of.ts";
import { Catalogue } from "./catalogue.ts";
import { type ClientSession, newClientSession, runIdOf, toClientSession } from "./client-session.ts";
import { Exchanges } from "./exchange.ts";
import type { McpOptions } from "./mcp-options.ts";
import { newMcpServer } from "./mcp-server.ts";
import { type ClientRequest, ResumableCalls } from "./resumable-calls.ts";
import { InitializeMessage, RequestMessage, ToolCallMessage } from "./rpc-message.ts";
import { SessionResources } from "./session-resources.ts";

/** What there is at the one address of the protocol. */
export class McpEndpoint {
  readonly #context: ProtocolContext;
  readonly #catalogue: Catalogue;
  readonly #resumable: ResumableCalls;
  readonly #exchanges: Exchanges;
  /** Calls of tools are streams from the start, so that a long silence breaks no connection. */
  readonly #toolCalls: McpHttpHandler;
  readonly #others: McpHttpHandler;

  constructor(context: ProtocolContext, options: McpOptions) {
    const calls = new AgentCalls(context);
    this.#context = context;
    this.#catalogue = new Catalogue(context, options);
    this.#resumable = new ResumableCalls(context, calls);
    this.#exchanges = new Exchanges(context);
    const parts = {
      name: context.agents[0]?.name ?? "agents",
      version: options.version ?? "0.0.0",
      instructions: options.instructions,
      catalogue: this.#catalogue,
      sessions: new SessionResources(context),
      calls,
    };
    const factory: McpServerFactory = ({ requestInfo, era }) => {
      const exchange = this.#exchanges.of(requestInfo);
      if (exchange === undefined) throw new Error("The SDK asks for a server without a request of ours.");
      return newMcpServer(parts, exchange, era);
    };
    // The heartbeats are those of the server's streams.
    this.#toolCalls = createMcpHandler(factory, { keepAliveMs: 0, responseMode: "sse" });
    this.#others = createMcpHandler(factory, { keepAliveMs: 0 });
  }

  /** Answers a message of a client. */
  async post(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { body } = request;
    const caller = callerOf(this.#context, request);
    const session = sessionOf(request);
    const from = { request, reply, caller, session };
    for (const message of messagesOf(body)) await this.#resumable.hear(message, from);
    const call = isResumable(request) ? ToolCallMessage.safeParse(body).data : undefined;
    const agent = this.#catalogue.agent(call?.params.name);
    if (call !== undefined && agent !== undefined) return this.#resumable.call(agent, call, from);
    return this.#exchange(from);
  }

  /** Goes on with the stream of a call; there are no other streams to be had. */
  async get(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const eventId = request.headers["last-event-id"];
    if (typeof eventId !== "string" || eventId === "") return notAllowed(reply);
    if (!accepts(request, "text/event-stream")) {
      throw new RuntimeError("INVALID_PARAMETER", "A stream needs an Accept header with text/event-stream.");
    }
    const caller = callerOf(this.#context, request);
    return this.#resumable.resume(eventId, { request, reply, caller, session: sessionOf(request) });
  }

  async close(): Promise<void> {
    this.#resumable.close();
    await Promise.all([this.#toolCalls.close(), this.#others.close()]);
  }

  async #exchange({ request, reply, caller, session }: ClientRequest): Promise<unknown> {
    const { body } = request;
    this.#context.assertRoom();
    const message = RequestMessage.safeParse(body).data;
    const initialize = InitializeMessage.safeParse(body).data;
    if (initialize !== undefined) {
      reply.header("mcp-session-id", newClientSession(initialize.params.capabilities).id);
    }
    const key =
      session === undefined || message === undefined ? undefined : runIdOf(session, message.id, caller);
    const { call, leave } = this.#resumable.enter(key);
    const handler = message?.method === "tools/call" ? this.#toolCalls : this.#others;
    try {
      const canceled = call.canceled.signal;
      // Nobody waits for an answer to what was canceled before it came.
      if (canceled.aborted) return reply.code(202).send();
      return await this.#exchanges.answer(handler.fetch, { request, reply, caller, canceled });
    } finally {
      leave();
    }
  }
}

// Longer lists the SDK refuses.
function messagesOf(body: unknown): readonly unknown[] {
  if (!Array.isArray(body)) return [body];
  return body.length > MAX_BATCH ? [] : body;
}

const MAX_BATCH = 100;

/** Answers what is asked by another method than `POST`. */
export function notAllowed(reply: FastifyReply): FastifyReply {
  const error = {
    code: -32_000,
    message: "Send messages with POST; there is no other stream than those of calls.",
  };
  return reply.code(405).header("allow", "POST").send({ jsonrpc: "2.0", error, id: null });
}

function sessionOf({ headers, body }: FastifyRequest): ClientSession | undefined {
  const id = headers["mcp-session-id"];
  if (id === undefined || InitializeMessage.safeParse(body).success) return undefined;
  const session = toClientSession(String(id));
  if (session !== undefined) return session;
  throw new RuntimeError("RESOURCE_NOT_FOUND", "There is no such session: begin with initialize.");
}

/** True for a request of a revision whose streams can be resumed; what is wrong with the others the SDK says. */
function isResumable(request: FastifyRequest): boolean {
  const { headers, body } = request;
  const version = headers["mcp-protocol-version"];
  const header = (name: string) => (typeof headers[name] === "string" ? headers[name] : undefined);
  const { kind } = classifyInboundRequest({
    httpMethod: "POST",
    body,
    ...optional("protocolVersionHeader", header("mcp-protocol-version")),
    ...optional("mcpMethodHeader", header("mcp-method")),
    ...optional("mcpNameHeader", header("mcp-name")),
  });
  return (
    kind === "legacy" &&
    (version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version))) &&
    accepts(request, "application/json") &&
    accepts(request, "text/event-stream")
  );
}

function accepts({ headers }: FastifyRequest, type: string): boolean {
  return headers.accept?.includes(type) === true;
}

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: string };
}
