import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AuthenticationRequest } from "../app/agent-app-options.ts";
import type { HostedAgent } from "../runs/hosted-agent.ts";
import type { Caller, Runs } from "../runs/runs.ts";
import type { SendOptions, StreamEnd } from "../server/event-stream.ts";
import type { RunSummary } from "./run-store.ts";

/** An agent as protocols see it. */
export interface ServedAgent {
  readonly name: string;
  readonly description: string | undefined;
  /** The agent itself, once the app is started. */
  readonly agent: () => HostedAgent;
}

/** What one connection may take. Times are in milliseconds. */
export interface ConnectionLimits {
  /** How many bytes a message may have that comes in. */
  readonly bodyLimit: number;
  /** After how long a silence something is to be sent. */
  readonly heartbeat: number;
  /** How long a peer may take nothing before it is cut off. */
  readonly stallTimeout: number;
}

/** What a protocol works with. */
export interface ProtocolContext {
  /** The app's own agent first, then those it hosts; not those that have an `authenticate` of their own. */
  readonly agents: readonly ServedAgent[];
  /** Starts, reads and cancels runs, once the app is started. */
  readonly runs: () => Runs;
  /** Who asks. */
  readonly callerOf: (request: FastifyRequest) => Caller;
  /**
   * Who asks by another way than the server's routes, such as a port of the protocol's own. Rejects with `AUTH_FAILED`
   * where the app's `authenticate` knows nobody.
   */
  readonly identify: (request: AuthenticationRequest) => Promise<Caller>;
  /**
   * Throws `SERVICE_UNAVAILABLE` where as many streams are open as may be, those who `wait` included, or the server
   * closes. To be called before a run is started, whether its answer is a stream or not.
   */
  readonly assertRoom: () => void;
  /**
   * Answers with an event stream: the frames of each item of `source` in one write, with heartbeats, back-pressure and
   * an end when the server closes. The source ends when `signal` aborts.
   */
  readonly stream: <Item>(
    reply: FastifyReply,
    source: (signal: AbortSignal) => AsyncIterable<Item>,
    options?: SendOptions<Item>,
  ) => Promise<StreamEnd>;
  /**
   * Waits for what is to be answered at the end of a run, and counts as an open stream meanwhile. Resolves to
   * `undefined`, the reply hijacked, where the client has gone first; rejects with `SERVICE_UNAVAILABLE` where the
   * server closes first.
   */
  readonly wait: <Answer>(
    reply: FastifyReply,
    answer: (signal: AbortSignal) => Promise<Answer>,
  ) => Promise<Answer | undefined>;
  /**
   * Counts what goes on by another way than an answer, such as on a socket, as an open stream. The signal aborts when the
   * server closes.
   */
  readonly hold: <Result>(work: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;
  /** The app's bounds for a connection that is not an answer of the server's. */
  readonly limits: ConnectionLimits;
  /** What a text of JSON says that did not come as a body; throws `INVALID_PARAMETER` where a body would be refused. */
  readonly parseJson: (text: string) => unknown;
  /**
   * Answers on a connection that stands for the client of a run: the one that started it, or one with which the client
   * is back. Where the run's request has `on_disconnect: "cancel"`, the run is canceled when none is left for a while.
   */
  readonly during: <Answer>(
    run: RunSummary,
    reply: FastifyReply,
    answer: () => Promise<Answer>,
  ) => Promise<Answer>;
}

/** Something a protocol keeps running beside its routes. */
export interface ProtocolLife {
  start?(): Promise<void>;
  /** Called first of all when the server begins to close: runs are still at work, and those who ask are answered. */
  leave?(): Promise<void>;
  stop?(): Promise<void>;
}

/** Serves the agents of an app in the language of one protocol, out of the same runs as all others. */
export interface ProtocolAdapter {
  readonly name: string;

  /** Adds routes to a scope of its own, where it may set an error handler; called once per server. */
  register(
    fastify: FastifyInstance,
    context: ProtocolContext,
    // biome-ignore lint/suspicious/noConfusingVoidType: who has no life of its own returns nothing
  ): Promise<ProtocolLife | void> | ProtocolLife | void;
}
