import { RuntimeError } from "../errors/runtime-error.ts";

/** Throws `INVALID_PARAMETER` for a JSON value whose arrays and objects nest deeper than `max`. */
export function assertNesting(value: unknown, max: number): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > max) {
      throw new RuntimeError("INVALID_PARAMETER", `The body nests deeper than ${max} arrays and objects.`);
    }
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
}
