import { z } from "zod";

/** Whether to answer only when what was asked for has ended. */
export const WaitQuery: z.ZodType<{ readonly wait: "true" | "false" }> = z.object({
  wait: z.enum(["true", "false"]).default("false"),
});

/** What a cancellation may say. */
export const CancelBody: z.ZodType<{ readonly reason?: string | undefined } | null | undefined> = z
  .object({ reason: z.string().max(1000).optional() })
  .nullish();
