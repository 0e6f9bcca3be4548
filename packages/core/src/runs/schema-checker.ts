import type { Piscina } from "piscina";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { SchemaTask } from "./schema-worker.ts";

/**
 * Holds values to JSON schemas in threads of its own, with a bound of time and memory: schemas come from clients, and a
 * pattern that backtracks, or references that multiply, must not hold up anybody else. The threads end when they are idle.
 */
export class SchemaChecker {
  #pool: Promise<Piscina> | undefined;
  #checks = 0;

  /** Throws `SERVICE_UNAVAILABLE` where too many wait for a thread already. */
  assertRoom(): void {
    if (this.#checks < MAX_CHECKS) return;
    const message = "Too many answers are being checked: try again later.";
    throw new RuntimeError("SERVICE_UNAVAILABLE", message, { retryAfter: 1 });
  }

  /** What is wrong with the schema, or with the value beside it. */
  async check(task: SchemaTask): Promise<string | undefined> {
    this.#pool ??= newPool();
    const pool = await this.#pool;
    const signal = AbortSignal.timeout(MAX_TIME);
    this.#checks++;
    try {
      return await pool.run(task, { name: "check", signal });
    } catch (error) {
      if (signal.aborted) return "it takes too long to check";
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.#checks--;
    }
  }
}

async function newPool(): Promise<Piscina> {
  const { Piscina } = await import("piscina");
  const { url } = import.meta;
  return new Piscina({
    filename: new URL(`./schema-worker${url.slice(url.lastIndexOf("."))}`, url).href,
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: 10_000,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
}

/** How many milliseconds a check may take, the start of its thread and its wait for one included. */
const MAX_TIME = 3000;

/** How many checks may be under way, those that wait for a thread included. */
const MAX_CHECKS = 100;
