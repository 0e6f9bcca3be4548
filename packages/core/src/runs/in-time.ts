import { RuntimeError } from "../errors/runtime-error.ts";

/** Waits for `promise`, but no longer than `timeout` milliseconds: then rejects with `TIMEOUT` and the message. */
export async function inTime<Value>(
  promise: Promise<Value>,
  timeout: number,
  message: string,
): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new RuntimeError("TIMEOUT", message)), timeout);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
