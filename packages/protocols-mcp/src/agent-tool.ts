import { AgentError, McpApprovalRequest, TerminalStatus } from "@agentscope-runtime/agent-api";
import type { ServedAgent } from "@agentscope-runtime/core";
import { z } from "zod";
import { toJsonSchema } from "./json-schema.ts";
import type { ListedTool } from "./mcp-tool.ts";

/** The arguments of a call of an agent. */
export interface AgentToolInput {
  readonly message?: string | undefined;
  readonly session_id?: string | undefined;
  readonly continues?: string | undefined;
  readonly approvals?:
    | readonly {
        readonly request_id: string;
        readonly approve: boolean;
        readonly reason?: string | undefined;
      }[]
    | undefined;
}

const id = z.string().min(1).max(1024);
export const AgentToolInput: z.ZodType<AgentToolInput> = z
  .object({
    message: z.string().min(1).describe("What to say to the agent.").optional(),
    session_id: id
      .describe(
        "The conversation to go on with: an earlier result's session_id, or the URI of a session; a new one if left out.",
      )
      .optional(),
    continues: id.describe("The run_id of an earlier result that waits for an answer.").optional(),
    approvals: z
      .array(z.object({ request_id: id, approve: z.boolean(), reason: z.string().optional() }))
      .min(1)
      .max(1000)
      .describe("Answers to the requests of the run that is continued.")
      .optional(),
  })
  .refine(
    ({ message, approvals }) => message !== undefined || approvals !== undefined,
    "there must be a message, or approvals",
  );

/** What a call's result says in its structured content. */
export interface AgentToolOutput {
  readonly run_id: string;
  readonly session_id: string;
  /** How the run has ended. */
  readonly status: z.infer<typeof TerminalStatus>;
  /** Why it is `incomplete`: `input_required`, `max_output_tokens` and so on. */
  readonly reason: string | null;
  /** What waits for an approval. */
  readonly requests: readonly McpApprovalRequest[];
  readonly error: AgentError | null;
  /** The run's messages, as the Agent API has them. */
  readonly output: readonly Readonly<Record<string, unknown>>[];
}
const AgentToolOutput = z.object({
  run_id: z.string(),
  session_id: z.string(),
  status: TerminalStatus,
  reason: z.string().nullable(),
  requests: z.array(McpApprovalRequest),
  error: AgentError.nullable(),
  output: z.array(z.record(z.string(), z.unknown())),
});

/** An agent in the list of tools. */
export function toAgentTool(name: string, { name: title, description }: ServedAgent): ListedTool {
  return {
    name,
    title,
    description: description ?? `Talks to the agent ${title}.`,
    inputSchema: toJsonSchema(AgentToolInput, "input"),
    outputSchema: toJsonSchema(AgentToolOutput, "output"),
  };
}

/** The names of the agents' tools: their own where MCP allows, each once. */
export function toToolNames(agents: readonly ServedAgent[]): ReadonlyMap<string, ServedAgent> {
  const tools = new Map<string, ServedAgent>();
  for (const agent of agents) {
    const name = agent.name.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, 120);
    let free = name;
    for (let number = 2; tools.has(free); number++) free = `${name}_${number}`;
    tools.set(free, agent);
  }
  return tools;
}
