import type { ProtocolAdapter } from "@agentscope-runtime/core";
import type { Compact } from "./compact-route.ts";
import type { CountTokens } from "./count-tokens.ts";

export interface OpenAIProtocolOptions {
  /** Where the routes are; clients take one of them as base URL. Defaults to `/v1` and `/compatible-mode/v1`. */
  readonly prefixes?: readonly string[] | undefined;
  /** Names of hosts, without ports, whose pages may open WebSockets. By default those of loopback. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** How many tokens a text is. By default an estimate that knows no model's tokenizer. */
  readonly countTokens?: CountTokens | undefined;
  /** Makes a conversation shorter when a client asks for that. By default it is kept whole, and only compressed. */
  readonly compact?: Compact | undefined;
}

/** Lets OpenAI's SDKs talk to the agents of an app: the Responses API out of the same runs as all protocols. */
export function openai(options: OpenAIProtocolOptions = {}): ProtocolAdapter {
  return {
    name: "openai",
    register: async (fastify, context) => {
      // Its routes are many modules, and of no use before there is a server.
      const { serveOpenAI } = await import("./serve-openai.ts");
      await serveOpenAI(fastify, context, options);
    },
  };
}
