import { z } from "zod";

/** Who speaks. */
export const Role = z.enum(["user", "assistant", "system", "tool"]);
export type Role = z.infer<typeof Role>;
