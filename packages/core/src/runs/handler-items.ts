import type { FrameworkAdapter } from "../contracts/framework-adapter.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** The items of a handler's result, which may be one item itself. */
export function handlerItems<Yield>(
  result: unknown,
  adapter: FrameworkAdapter<unknown, Yield>,
): AsyncIterable<Yield> {
  if (adapter.isYield(result)) return items([result]);
  if (typeof result === "object" && result !== null) {
    if (Symbol.asyncIterator in result) return result as AsyncIterable<Yield>;
    if (Symbol.iterator in result) return items(result as Iterable<Yield>);
  }
  const message = `The handler returned ${describe(result)}, which the ${adapter.name} adapter does not take.`;
  throw new RuntimeError("AGENT_ERROR", message);
}

async function* items<Yield>(source: Iterable<Yield>): AsyncGenerator<Yield> {
  yield* source;
}

function describe(value: unknown): string {
  return value === null ? "null" : `a value of type ${typeof value}`;
}
