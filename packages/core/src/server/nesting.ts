import { RuntimeError } from "../errors/runtime-error.ts";

/** Throws `INVALID_PARAMETER` for a JSON value whose arrays and objects nest deeper than `max`. */
export function assertNesting(value: unknown, max: number): void {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > max) {
      throw new RuntimeError("INVALID_PARAMETER", `The body nests deeper than ${max} arrays and objects.`);
    }
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
