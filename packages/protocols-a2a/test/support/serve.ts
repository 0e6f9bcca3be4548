import {
  type Client,
  ClientFactory,
  ClientFactoryOptions,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";
import { GrpcTransportFactory } from "@a2a-js/sdk/client/grpc";
import type { Message } from "@agentscope-runtime/agent-api";
import {
  AgentApp,
  type AgentAppOptions,
  type AgentPart,
  type FrameworkAdapter,
} from "@agentscope-runtime/core";
import { type A2AOptions, a2a } from "@agentscope-runtime/protocols-a2a";
import { onTestFinished } from "vitest";

/** An app named Friday that speaks A2A and logs nothing. */
export function a2aApp(options: Partial<AgentAppOptions> = {}, a2aOptions: A2AOptions = {}): AgentApp {
  return new AgentApp({
    name: "Friday",
    description: "A helpful assistant",
    log: { level: "silent" },
    drainGrace: 50,
    protocols: [a2a({ grpc: { port: 0 }, ...a2aOptions })],
    ...options,
    runs: { cancelGrace: 50, settleTimeout: 200, ...options.runs },
  });
}

/** A framework whose stream is made of the parts themselves. */
export function parts(): FrameworkAdapter<readonly Message[], AgentPart> {
  return {
    name: "parts",
    toInput: (messages) => messages,
    isYield: (value): value is AgentPart => typeof value === "object" && value !== null && "kind" in value,
    fromStream: (emit) => ({ push: emit, end: () => undefined }),
  };
}

/** An app that answers each request with those parts. */
export function scriptedApp(
  script: readonly AgentPart[],
  options: Partial<AgentAppOptions> = {},
  a2aOptions: A2AOptions = {},
): AgentApp {
  return a2aApp(options, a2aOptions).query(parts(), function* () {
    yield* script;
  });
}

/** Serves the app on a free port of this machine until the test ends. */
export async function serve(app: AgentApp<never> | AgentApp<unknown>): Promise<string> {
  const running = await app.run({ port: 0 });
  onTestFinished(() => running.close());
  return running.url;
}

export type Binding = "JSONRPC" | "HTTP+JSON" | "GRPC";
export const bindings: readonly Binding[] = ["JSONRPC", "HTTP+JSON", "GRPC"];

export interface ClientOptions {
  readonly binding?: Binding;
  readonly token?: string;
  /** Which hosted agent; the app's own without it. */
  readonly agent?: string;
}

/** The official client of an agent, as its card says. */
export async function clientOf(
  url: string,
  { binding = "JSONRPC", token, agent }: ClientOptions = {},
): Promise<Client> {
  const fetchImpl: typeof fetch = (input, init) =>
    fetch(input, {
      ...init,
      headers: {
        ...(init?.headers as Record<string, string>),
        ...(token === undefined ? {} : { authorization: token }),
      },
    });
  const factory = new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      transports: [
        new JsonRpcTransportFactory({ fetchImpl }),
        new RestTransportFactory({ fetchImpl }),
        new GrpcTransportFactory(),
      ],
      preferredTransports: [binding],
      cardResolver: new DefaultAgentCardResolver(),
    }),
  );
  const below = agent === undefined ? "" : `agents/${agent}/`;
  return factory.createFromUrl(`${url.replace(/\/*$/, "/")}${below}`, ".well-known/agent-card.json");
}
