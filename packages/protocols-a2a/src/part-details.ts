import { z } from "zod";

/** What a part says of itself that a slot of the Agent API has no place for. */
export interface PartDetails {
  readonly mediaType?: string | undefined;
  readonly filename?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** The key of a message's metadata that has such details, by the index of the slot. */
export const PART_DETAILS = "a2a_parts";

/** The details of a message's slots, by index, and its metadata without them. */
export function splitDetails(metadata: Readonly<Record<string, unknown>> | null): {
  readonly details: Readonly<Record<string, PartDetails>>;
  readonly metadata: Readonly<Record<string, unknown>>;
} {
  const { [PART_DETAILS]: kept, ...rest } = metadata ?? {};
  const details = Details.safeParse(kept);
  return { details: details.success ? details.data : {}, metadata: rest };
}

const Details: z.ZodType<Record<string, PartDetails>> = z.record(
  z.string(),
  z.object({
    mediaType: z.string().optional(),
    filename: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
);
