import type { McpPrompt } from "./mcp-prompt.ts";
import type { McpResource } from "./mcp-resource.ts";
import type { McpTool } from "./mcp-tool.ts";
import type { McpToolkit } from "./toolkit-tools.ts";

export interface McpOptions {
  /** Where clients connect to. Defaults to `/mcp`. */
  readonly path?: string | undefined;
  /** Tools beside the agents. */
  readonly tools?: readonly McpTool[] | undefined;
  /** Toolkits whose tools are offered as well: whoever may call the agents may then call these. */
  readonly toolkits?: readonly McpToolkit[] | undefined;
  /** Resources beside the sessions. */
  readonly resources?: readonly McpResource[] | undefined;
  readonly prompts?: readonly McpPrompt[] | undefined;
  /** What a client's model is told of the server. */
  readonly instructions?: string | undefined;
  /** The version the server says it has. Defaults to `0.0.0`. */
  readonly version?: string | undefined;
  /**
   * Names of hosts, without ports, that requests may be for. By default what comes in over loopback must be for
   * loopback, and the rest may be for any.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Names of hosts, without ports, whose pages may send requests. By default those of loopback. */
  readonly allowedOrigins?: readonly string[] | undefined;
}
