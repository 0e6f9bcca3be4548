import type { Service } from "../contracts/service.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** The life of a service whose data lives in this process and is lost when it stops. */
export abstract class InMemoryService implements Service {
  readonly #name: string;
  #started = false;

  constructor(name: string) {
    this.#name = name;
  }

  async start(): Promise<void> {
    this.#started = true;
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.clear();
  }

  async health(): Promise<boolean> {
    return this.#started;
  }

  /** Forgets everything. */
  protected abstract clear(): void;

  /** Throws `SERVICE_NOT_STARTED` before `start()` and after `stop()`. */
  protected assertStarted(): void {
    if (!this.#started) {
      throw new RuntimeError("SERVICE_NOT_STARTED", `${this.#name} is not started: call start() first.`);
    }
  }
}
