import { type ProtocolContext, RuntimeError, type ServedAgent } from "@agentscope-runtime/core";
import { toAgentTool, toToolNames } from "./agent-tool.ts";
import type { McpOptions } from "./mcp-options.ts";
import type { McpPrompt } from "./mcp-prompt.ts";
import type { McpResource } from "./mcp-resource.ts";
import type { ListedTool } from "./mcp-tool.ts";
import { type ServedTool, toServedTool } from "./served-tool.ts";
import { toToolkitTools } from "./toolkit-tools.ts";

/** All that a server offers beside sessions: the agents first, then what the user adds. */
export class Catalogue {
  readonly resources: readonly McpResource[];
  readonly #agents: ReadonlyMap<string, ServedAgent>;
  readonly #listed: readonly ListedTool[];
  readonly #tools: readonly ServedTool[];
  readonly #toolkits: McpOptions["toolkits"];
  readonly #prompts: ReadonlyMap<string, McpPrompt>;

  /** Throws `CONFIGURATION_ERROR` where two tools or two prompts have one name. */
  constructor(
    { agents }: Pick<ProtocolContext, "agents">,
    { tools = [], toolkits = [], resources = [], prompts = [] }: McpOptions,
  ) {
    this.#agents = toToolNames(agents);
    this.#listed = [...this.#agents].map(([name, agent]) => toAgentTool(name, agent));
    this.#tools = tools.map(toServedTool);
    this.#toolkits = toolkits;
    this.resources = resources;
    this.#prompts = new Map(prompts.map((prompt) => [prompt.name, prompt]));
    assertUnique("tool", [...this.#agents.keys(), ...this.#served().map(({ listed }) => listed.name)]);
    assertUnique(
      "prompt",
      prompts.map(({ name }) => name),
    );
  }

  get tools(): readonly ListedTool[] {
    return [...this.#listed, ...this.#served().map(({ listed }) => listed)];
  }

  get prompts(): readonly McpPrompt[] {
    return [...this.#prompts.values()];
  }

  /** The agent behind a tool, if it is an agent's. */
  agent(tool: unknown): ServedAgent | undefined {
    return this.#agents.get(String(tool));
  }

  /** The tool of that name, if it is the user's. */
  tool(name: string): ServedTool | undefined {
    return this.#served().find(({ listed }) => listed.name === name);
  }

  prompt(name: string): McpPrompt | undefined {
    return this.#prompts.get(name);
  }

  // A toolkit may have gained a tool since.
  #served(): readonly ServedTool[] {
    return [...this.#tools, ...(this.#toolkits ?? []).flatMap(toToolkitTools)];
  }
}

function assertUnique(kind: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new RuntimeError(
    "CONFIGURATION_ERROR",
    `There are two MCP ${kind}s named ${twice}: rename one of them.`,
  );
}
