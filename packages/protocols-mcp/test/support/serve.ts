import type { Message } from "@agentscope-runtime/agent-api";
import {
  AgentApp,
  type AgentAppOptions,
  type AgentPart,
  type FrameworkAdapter,
} from "@agentscope-runtime/core";
import { type McpOptions, mcp } from "@agentscope-runtime/protocols-mcp";
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { onTestFinished } from "vitest";

/** An app named Friday that speaks MCP and logs nothing. */
export function mcpApp(options: Partial<AgentAppOptions> = {}, mcpOptions: McpOptions = {}): AgentApp {
  return new AgentApp({
    name: "Friday",
    log: { level: "silent" },
    drainGrace: 50,
    protocols: [mcp(mcpOptions)],
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
export function scriptedApp(script: readonly AgentPart[], options: Partial<AgentAppOptions> = {}): AgentApp {
  return mcpApp(options).query(parts(), function* () {
    yield* script;
  });
}

/** Serves the app on a free port of this machine until the test ends. */
export async function serve(app: AgentApp<never> | AgentApp<unknown>): Promise<string> {
  const running = await app.run({ port: 0 });
  onTestFinished(() => running.close());
  return running.url;
}

/** The revisions of the protocol that clients are tried with. */
export const revisions = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof revisions)[number];

export interface ConnectOptions extends ClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  /** Who the address says that asks. */
  readonly user?: string;
}

/** MCP's own client, connected until the test ends. */
export async function connect(
  url: string,
  revision: Revision,
  { headers = {}, fetch, user, ...options }: ConnectOptions = {},
): Promise<Client> {
  const client = new Client(
    { name: "test", version: "1" },
    { ...options, versionNegotiation: { mode: revision === "2026-07-28" ? { pin: revision } : "legacy" } },
  );
  const query = user === undefined ? "" : `?user_id=${user}`;
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp${query}`), {
    requestInit: { headers },
    reconnectionOptions: {
      initialReconnectionDelay: 10,
      maxReconnectionDelay: 50,
      reconnectionDelayGrowFactor: 1.5,
      maxRetries: 20,
    },
    ...(fetch === undefined ? {} : { fetch }),
  });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}
