import { z } from "zod";

/** An answer to one interrupt. */
export interface AgUiResume {
  readonly interruptId: string;
  readonly status: "resolved" | "cancelled";
  readonly payload?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** What a client of AG-UI sends that the Agent API has no place for, as it came. */
export interface AgUiInput {
  /** The state that the run starts from. */
  readonly state?: unknown;
  /** Information for the model. */
  readonly context: readonly { readonly description: string; readonly value: string }[];
  readonly forwardedProps?: unknown;
  readonly resume: readonly AgUiResume[];
  readonly parentRunId?: string | undefined;
}

/** What of a request only AG-UI has; `undefined` for those that came by another protocol. */
export function agUiInputOf(request: Readonly<Record<string, unknown>>): AgUiInput | undefined {
  const input = Input.safeParse(request.ag_ui);
  return input.success ? input.data : undefined;
}

// Whoever comes by another protocol may have used the name for something else.
const Input: z.ZodType<AgUiInput> = z.object({
  state: z.unknown().optional(),
  context: z.array(z.object({ description: z.string(), value: z.string() })),
  forwardedProps: z.unknown().optional(),
  resume: z.array(
    z.object({
      interruptId: z.string(),
      status: z.enum(["resolved", "cancelled"]),
      payload: z.unknown().optional(),
      metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  parentRunId: z.string().optional(),
});
