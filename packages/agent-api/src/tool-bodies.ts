import { z } from "zod";

const optional = z.string().nullable().default(null);

/** The `data` of a `function_call`, `plugin_call` or `component_call`; `arguments` is JSON text. */
export const FunctionCall = z.object({ call_id: optional, name: optional, arguments: optional });
export type FunctionCall = z.infer<typeof FunctionCall>;

/** The `data` of a call's output; `output` is JSON text. */
export const FunctionCallOutput = z.object({ call_id: z.string(), name: optional, output: z.string() });
export type FunctionCallOutput = z.infer<typeof FunctionCallOutput>;

/** The `data` of an `mcp_call`. */
export const McpCall = z.object({
  call_id: optional,
  arguments: optional,
  name: optional,
  server_label: optional,
});
export type McpCall = z.infer<typeof McpCall>;

/** The `data` of an `mcp_call_output`. */
export const McpCallOutput = z.object({ call_id: z.string(), name: optional, output: z.string() });
export type McpCallOutput = z.infer<typeof McpCallOutput>;

/** One tool of an MCP server. */
export const McpTool = z.object({
  input_schema: z.record(z.string(), z.unknown()),
  name: z.string(),
  annotations: z.unknown().default(null),
  description: optional,
});
export type McpTool = z.infer<typeof McpTool>;

/** The `data` of an `mcp_list_tools` message. */
export const McpListTools = z.object({
  id: z.string(),
  server_label: z.string(),
  tools: z.array(McpTool),
  error: optional,
});
export type McpListTools = z.infer<typeof McpListTools>;

/** The `data` of an `mcp_approval_request`: may this call be made? */
export const McpApprovalRequest = z.object({
  id: z.string(),
  arguments: z.string(),
  name: z.string(),
  server_label: z.string(),
});
export type McpApprovalRequest = z.infer<typeof McpApprovalRequest>;

/** The `data` of an `mcp_approval_response`: a person's answer. */
export const McpApprovalResponse = z.object({
  approval_request_id: z.string(),
  approve: z.boolean(),
  id: optional,
  reason: optional,
});
export type McpApprovalResponse = z.infer<typeof McpApprovalResponse>;

/** The `data` of a `step` message: a named phase of the agent's work began or ended. */
export const StepData = z.object({ name: z.string(), status: z.enum(["started", "finished"]) });
export type StepData = z.infer<typeof StepData>;

/** The `data` of a `state` message: the agent's state as a whole, or a JSON Patch (RFC 6902) on it. */
export const StateData = z.union([
  z.object({ snapshot: z.unknown() }),
  z.object({ patch: z.array(z.record(z.string(), z.unknown())) }),
]);
export type StateData = z.infer<typeof StateData>;

/** A tool offered by the caller of a run. */
export const ToolDefinition = z.looseObject({
  type: z.string().default("function"),
  function: z
    .looseObject({
      name: z.string(),
      description: z.string().nullish(),
      parameters: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});
export type ToolDefinition = z.infer<typeof ToolDefinition>;
