import { RuntimeError } from "../errors/runtime-error.ts";

/**
 * The JSON text of an object, as `JSON.stringify` writes it. Throws `INVALID_PARAMETER`, naming it `what`, if it is no
 * plain object or holds what can't be written, such as a cycle or a bigint.
 */
export function toJsonObjectText(value: unknown, what: string): string {
  if (!isPlainObject(value)) throw new RuntimeError("INVALID_PARAMETER", `${what} is not a JSON object.`);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new RuntimeError("INVALID_PARAMETER", `${what} can't be written as JSON.`, { cause });
  }
  if (!text?.startsWith("{")) throw new RuntimeError("INVALID_PARAMETER", `${what} is not a JSON object.`);
  return text;
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not compared with `Object.prototype`: an object may come from another realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
