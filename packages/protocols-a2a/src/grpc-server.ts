import { once } from "node:events";
import { SendMessageRequest } from "@a2a-js/sdk";
import { LegacyA2AService, legacyGrpcService } from "@a2a-js/sdk/compat/v0_3/server/grpc";
import type { A2ARequestHandler, ServerCallContextBuilder, User } from "@a2a-js/sdk/server";
import { A2AService, grpcService, type UserBuilder } from "@a2a-js/sdk/server/grpc";
import {
  type Caller,
  idempotencyOf,
  type Logger,
  type ProtocolContext,
  RuntimeError,
} from "@agentscope-runtime/core";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { toCallContext } from "./a2a-call.ts";
import { toA2AError } from "./a2a-error.ts";
import { FORMER, withoutPatch } from "./protocol-version.ts";

export interface A2AGrpcOptions {
  /** 0 takes any that is free. */
  readonly port: number;
  /** Defaults to `127.0.0.1`. */
  readonly host?: string | undefined;
  /** What clients are told to connect to, such as `agents.example.com:443`. Defaults to host and port, and is needed beside a `publicUrl`. */
  readonly publicAddress?: string | undefined;
  /** PEM texts; without them nothing is encrypted. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

export interface A2AGrpcServerOptions {
  readonly options: A2AGrpcOptions;
  readonly handler: A2ARequestHandler;
  readonly legacy: boolean;
  readonly context: () => ProtocolContext;
  readonly baseUrl: string | undefined;
  readonly log: Logger;
}

type GrpcCall = Parameters<UserBuilder>[0];

/** A2A over gRPC, on a port of its own. */
export class A2AGrpcServer {
  readonly #options: A2AGrpcServerOptions;
  readonly #server: Server = new Server();
  readonly #calls = new Map<GrpcCall, AbortController>();
  #port: number | undefined;

  constructor(options: A2AGrpcServerOptions) {
    this.#options = options;
    const { handler: requestHandler, legacy } = options;
    const userBuilder: UserBuilder = (call) => this.#identify(call);
    const service = { requestHandler, userBuilder, contextBuilder: this.#toContext };
    this.#server.addService(A2AService, this.#leaving(grpcService(service)));
    if (legacy) this.#server.addService(LegacyA2AService, this.#leaving(legacyGrpcService(service)));
  }

  /** Where clients connect to; `undefined` before the start, where that is not known yet. */
  get address(): string | undefined {
    const { host = "127.0.0.1", port, publicAddress } = this.#options.options;
    if (publicAddress !== undefined) return publicAddress;
    const known = this.#port ?? (port === 0 ? undefined : port);
    return known === undefined ? undefined : `${host.includes(":") ? `[${host}]` : host}:${known}`;
  }

  async start(): Promise<void> {
    const { host = "127.0.0.1", port, tls } = this.#options.options;
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [
            { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) },
          ]);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    this.#server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    this.#port = await promise.catch((cause) => {
      const message = `gRPC can't be spoken at ${address}: give a2a another grpc port. ${(cause as Error).message}`;
      throw new RuntimeError("CONFIGURATION_ERROR", message, { cause });
    });
    this.#options.log.info({ address: this.address }, "A2A is spoken over gRPC");
  }

  /** Ends what is open: those that reach their end within a moment there, the others where they are. */
  async stop(): Promise<void> {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#server.tryShutdown(() => resolve());
    const late = setTimeout(() => {
      for (const open of this.#calls.values()) open.abort();
      this.#server.forceShutdown();
      resolve();
    }, LAST_WORDS);
    await closed;
    clearTimeout(late);
  }

  async #identify(call: GrpcCall): Promise<GrpcUser> {
    try {
      const headers = Object.fromEntries(
        Object.entries(call.metadata.getMap()).map(([key, value]) => [key, value.toString()]),
      );
      const request = { method: "POST", url: call.getPath(), headers, ip: toIp(call.getPeer()) };
      return new GrpcUser(await this.#options.context().identify(request), call, this.#enter(call));
    } catch (error) {
      throw toA2AError(error);
    }
  }

  /** Aborts when the client has gone or the server stops. */
  #enter(call: GrpcCall): AbortSignal {
    const open = new AbortController();
    this.#calls.set(call, open);
    const leave = () => this.#calls.delete(call);
    call.on("cancelled", () => open.abort());
    call.on("close", leave);
    call.on("finish", leave);
    if (call.cancelled) open.abort();
    return open.signal;
  }

  /** The methods of a service, with an end of those calls that don't tell of it themselves: the ones with one answer. */
  #leaving<Service extends object>(service: Service): Service {
    const methods = Object.entries(service as Record<string, GrpcMethod>).map(([name, method]) => {
      const leaving: GrpcMethod = (call, answer) => {
        if (answer === undefined) return method(call);
        return method(call, (...answers) => {
          this.#calls.delete(call);
          answer(...answers);
        });
      };
      return [name, leaving];
    });
    return Object.fromEntries(methods) as Service;
  }

  readonly #toContext: ServerCallContextBuilder = ({ extensions, user, requestedVersion }) => {
    const { caller, call, signal } = user as GrpcUser;
    const { log, baseUrl, context } = this.#options;
    return toCallContext({
      caller,
      signal,
      // The SDK refuses what the card does not name.
      version: withoutPatch(requestedVersion ?? FORMER),
      zeroIsNothing: call.getPath().startsWith("/a2a.v1."),
      extensions: extensions ?? [],
      baseUrl,
      assertRoom: () => context().assertRoom(),
      assertBounds: (params) => void context().parseJson(toText(params)),
      idempotency: (params) => {
        const [key] = call.metadata.get(IDEMPOTENCY_KEY);
        const headers = key === undefined ? {} : { [IDEMPOTENCY_KEY]: key.toString() };
        return idempotencyOf({ headers, body: SendMessageRequest.toJSON(params) });
      },
      failed: (error) => {
        if (error.status >= 500 && error.cause !== undefined) log.error({ err: error }, "a call failed");
      },
      // The SDK writes without a look at what waits in the socket.
      drained: () => drained(call, signal),
    });
  };
}

type GrpcMethod = (call: GrpcCall, answer?: (...answers: unknown[]) => void) => unknown;

function toText(params: SendMessageRequest): string {
  try {
    return JSON.stringify(SendMessageRequest.toJSON(params));
  } catch (cause) {
    // Too deep for whoever would have to write it down.
    throw new RuntimeError("INVALID_PARAMETER", "The message nests too deep.", { cause });
  }
}

/** What the SDK hands from the start of a call to its context. */
class GrpcUser implements User {
  readonly caller: Caller;
  readonly call: GrpcCall;
  readonly signal: AbortSignal;

  constructor(caller: Caller, call: GrpcCall, signal: AbortSignal) {
    this.caller = caller;
    this.call = call;
    this.signal = signal;
  }

  get isAuthenticated(): boolean {
    return this.caller.userId !== undefined;
  }

  get userName(): string {
    return this.caller.userId ?? "";
  }
}

function drained(call: GrpcCall, signal: AbortSignal): Promise<void> | undefined {
  if (!("writableNeedDrain" in call) || !call.writableNeedDrain || signal.aborted) return undefined;
  return once(call, "drain", { signal }).then(
    () => undefined,
    () => undefined,
  );
}

function toIp(peer: string): string {
  return peer
    .replace(/^ipv[46]:/, "")
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

const IDEMPOTENCY_KEY = "idempotency-key";

/** How long a server that stops waits for its clients, in milliseconds. */
const LAST_WORDS = 1000;
