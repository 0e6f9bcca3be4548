import type { z } from "zod";
import { RuntimeError } from "../errors/runtime-error.ts";

export interface ParseInputOptions {
  /** What the value is, such as `body`: comes before each place in the message. */
  readonly where?: string | undefined;
  /** Goes through all of the value in search of issues. Only for what is small: each issue costs much more than reading. */
  readonly whole?: boolean | undefined;
}

/**
 * What the schema makes of a value that came from outside. Throws `INVALID_PARAMETER` that names the first place which
 * does not fit; its details are the issues, a handful of them whatever the value is.
 */
export function parseInput<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  { where, whole = false }: ParseInputOptions = {},
): Output {
  const result = schema.safeParse(value, whole ? undefined : UP_TO_FIRST_ISSUE);
  if (result.success) return result.data;
  throw invalidInput(result.error, where);
}

/** As {@link parseInput}, for schemas that may have to wait for something. */
export async function parseInputAsync<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  { where, whole = false }: ParseInputOptions = {},
): Promise<Output> {
  const result = await schema.safeParseAsync(value, whole ? undefined : UP_TO_FIRST_ISSUE);
  if (result.success) return result.data;
  throw invalidInput(result.error, where);
}

function invalidInput({ issues }: z.ZodError, where: string | undefined): RuntimeError {
  const details = issues.slice(0, MAX_ISSUES).map(({ path, message, code }) => ({ path, message, code }));
  const [first] = details;
  const place = [...(where === undefined ? [] : [where]), ...(first?.path ?? [])].map(String).join(".");
  const fault = first?.message ?? "does not fit";
  return new RuntimeError("INVALID_PARAMETER", place === "" ? fault : `${place}: ${fault}`, { details });
}

/** A value of a thousand wrong items is not answered with a thousand issues. */
const MAX_ISSUES = 20;

/**
 * Has zod stop at the first issue. Else it makes one of each item of a large value, which takes long and may overflow the
 * stack.
 */
export const UP_TO_FIRST_ISSUE: z.core.ParseContext<z.core.$ZodIssue> & { abortEarly: true } = {
  abortEarly: true,
};
