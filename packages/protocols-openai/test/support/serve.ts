import type { Message } from "@agentscope-runtime/agent-api";
import {
  AgentApp,
  type AgentAppOptions,
  type AgentPart,
  type FrameworkAdapter,
} from "@agentscope-runtime/core";
import { openai } from "@agentscope-runtime/protocols-openai";
import OpenAI from "openai";
import { onTestFinished } from "vitest";

/** An app named Friday that speaks OpenAI's words and logs nothing. */
export function openaiApp(options: Partial<AgentAppOptions> = {}): AgentApp {
  return new AgentApp({
    name: "Friday",
    log: { level: "silent" },
    drainGrace: 50,
    protocols: [openai()],
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
  return openaiApp(options).query(parts(), function* () {
    yield* script;
  });
}

/** Serves the app on a free port of this machine until the test ends. */
export async function serve(app: AgentApp<never> | AgentApp<unknown>): Promise<string> {
  const running = await app.run({ port: 0 });
  onTestFinished(() => running.close());
  return running.url;
}

/** OpenAI's own client, of an app that is served until the test ends. */
export async function clientOf(
  app: AgentApp<never> | AgentApp<unknown>,
  options: { readonly apiKey?: string; readonly maxRetries?: number; readonly prefix?: string } = {},
): Promise<OpenAI> {
  const { apiKey = "none", maxRetries = 0, prefix = "/v1" } = options;
  return new OpenAI({ apiKey, maxRetries, baseURL: `${await serve(app)}${prefix}` });
}
