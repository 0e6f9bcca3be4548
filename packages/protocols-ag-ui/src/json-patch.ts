import type { JsonPatch as SdkJsonPatch } from "@ag-ui/core";
import { z } from "zod";

const pointer = z.string().regex(/^(\/([^/~]|~[01])*)*$/);
const value = z.unknown().refine((given) => given !== undefined);
const withValue = { path: pointer, value };
const withFrom = { path: pointer, from: pointer };

/** A patch of RFC 6902. The schema is as strict as the SDK's, which takes long to load for the encoder alone. */
export type JsonPatch = SdkJsonPatch;
export const JsonPatch: z.ZodType<JsonPatch> = z.array(
  z.discriminatedUnion("op", [
    z.looseObject({ op: z.literal("add"), ...withValue }),
    z.looseObject({ op: z.literal("remove"), path: pointer }),
    z.looseObject({ op: z.literal("replace"), ...withValue }),
    z.looseObject({ op: z.literal("move"), ...withFrom }),
    z.looseObject({ op: z.literal("copy"), ...withFrom }),
    z.looseObject({ op: z.literal("test"), ...withValue }),
  ]),
);
