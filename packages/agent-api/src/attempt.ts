import { z } from "zod";

/**
 * Which start of the handler an event is of, where that is not the first: what earlier attempts brought is superseded
 * by the response event that begins with a new one.
 */
export const attempt = z.int().positive().optional();
