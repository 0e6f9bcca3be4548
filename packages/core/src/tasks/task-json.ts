import type { ErrorCode } from "@agentscope-runtime/agent-api";
import { RuntimeError } from "../errors/runtime-error.ts";

export interface TaskJsonOptions {
  /** Names the value in errors, such as "The task's result". */
  readonly what: string;
  readonly maxLength: number;
  /** The codes of the errors it throws. */
  readonly invalid: ErrorCode;
  readonly tooLarge: ErrorCode;
}

/**
 * The JSON text of a value, `null` for `undefined`. Throws for what `JSON.stringify` refuses, and for what it would
 * change beyond recognition: functions, symbols, numbers that are none, iterables such as maps and generators, and
 * promises and others that it would write as an empty object.
 */
export function toTaskJson(value: unknown, { what, maxLength, invalid, tooLarge }: TaskJsonOptions): string {
  let foreign: string | undefined;
  const refuseForeign = (_: string, part: unknown) => {
    foreign = foreignKind(part);
    if (foreign !== undefined) throw new Error(foreign);
    return part;
  };
  let json: string | undefined;
  try {
    json = JSON.stringify(value, refuseForeign) ?? "null";
  } catch (cause) {
    const why = foreign === undefined ? "it can't be written as such" : `it holds ${foreign}`;
    throw new RuntimeError(invalid, `${what} is not JSON: ${why}.`, { cause });
  }
  if (json.length <= maxLength) return json;
  throw new RuntimeError(tooLarge, `${what} is longer than ${maxLength} characters of JSON.`);
}

function foreignKind(value: unknown): string | undefined {
  switch (typeof value) {
    case "function":
    case "symbol":
    case "bigint":
      return `a ${typeof value}`;
    case "number":
      return Number.isFinite(value) ? undefined : String(value);
    case "object":
      return value === null || Array.isArray(value) ? undefined : foreignObject(value);
    default:
      return undefined;
  }
}

function foreignObject(value: object): string | undefined {
  if (Symbol.iterator in value || Symbol.asyncIterator in value) return "an iterable that is no array";
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not compared with `Object.prototype`: an object may come from another realm.
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return plain || Object.keys(value).length > 0 ? undefined : "an object without properties of its own";
}
