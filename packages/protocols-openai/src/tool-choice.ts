import { z } from "zod";
import { parameterError } from "./openai-error.ts";
import { OWN_TOOLS } from "./output-item.ts";

/** Which tools the agent may or has to call. */
export type ToolChoice = "none" | "auto" | "required" | NamedToolChoice;

/** A function of the client's, or a tool of the agent's own: one by name, or any. */
export type NamedToolChoice =
  | { readonly type: "function"; readonly name: string }
  | { readonly type: "mcp"; readonly server_label: string; readonly name?: string | null | undefined };

const Named: z.ZodType<NamedToolChoice> = z.discriminatedUnion(
  "type",
  [
    z.object({ type: z.literal("function"), name: z.string() }),
    z.object({
      type: z.literal("mcp"),
      // No request can bring servers of its own.
      server_label: z.literal(OWN_TOOLS, `has to be ${OWN_TOOLS}, as the agent's own tools are called`),
      name: z.string().nullish(),
    }),
  ],
  "can name a function, or a tool of the agent's as mcp",
);

const modes = z.enum(["none", "auto", "required"]);

export const ToolChoice: z.ZodType<ToolChoice> = z.unknown().transform((choice, { addIssue }) => {
  // One of the two schemas alone, so that errors name the member that is wrong.
  const result = (typeof choice === "object" && choice !== null ? Named : modes).safeParse(choice);
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues) addIssue({ code: "custom", path, message });
  return z.NEVER;
});

/** Throws `INVALID_PARAMETER` where the choice names a function that is not among the request's. */
export function assertChosenTool(
  choice: ToolChoice | null | undefined,
  tools: readonly { readonly name: string }[],
): void {
  if (typeof choice !== "object" || choice?.type !== "function") return;
  if (tools.some(({ name }) => name === choice.name)) return;
  const message = `Tool choice '${choice.name.slice(0, 128)}' not found in 'tools' parameter.`;
  throw parameterError("tool_choice", "invalid_value", message);
}
