import { z } from "zod";

/** What an agent saves: the same shape as the state dict of Python's `ReActAgent` 1.0. */
export type AgentStateDict = {
  readonly memory: Readonly<Record<string, unknown>> | null;
  readonly toolkit: { readonly active_groups: readonly string[] };
  readonly _reasoning_hint_msgs: { readonly content: readonly unknown[] };
  readonly name: string;
  readonly _sys_prompt: string;
};

const AgentStateSchema = z.looseObject({
  memory: z.record(z.string(), z.unknown()).nullish(),
  toolkit: z.looseObject({ active_groups: z.array(z.string()).optional() }).nullish(),
  name: z.string().optional(),
  _sys_prompt: z.string().optional(),
});

/** The members of a stored state that matter; throws a `TypeError` that names what is wrong. */
export function parseAgentState(state: unknown): {
  readonly memory?: Record<string, unknown> | null | undefined;
  readonly _sys_prompt?: string | undefined;
} {
  const result = AgentStateSchema.safeParse(state);
  if (result.success) return result.data;
  throw new TypeError(`This is not the state of an agent: ${z.prettifyError(result.error)}`);
}
