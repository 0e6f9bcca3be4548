import { z } from "zod";

/** How long an id may be that a client gives, wherever it stands. */
export const MAX_ID_LENGTH = 1024;

/** The one parameter that a path of ours has. */
export const IdParams: z.ZodType<{ readonly id: string }> = z.object({
  id: z.string().min(1).max(MAX_ID_LENGTH),
});

/** An id in a query that need not be there; an empty one is none, as in a body. */
export const queryId: z.ZodType<string | undefined, string | undefined> = z
  .string()
  .max(MAX_ID_LENGTH)
  .transform((id) => id || undefined)
  .optional();
