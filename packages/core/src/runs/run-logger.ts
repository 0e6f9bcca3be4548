import type { Logger } from "../contracts/logger.ts";

/** Adds the same bindings to every line. A child of the logger does so too, but is made at a cost, once for every run. */
export class RunLogger implements Logger {
  readonly #logger: Logger;
  readonly #bindings: object;

  constructor(logger: Logger, bindings: object) {
    this.#logger = logger;
    this.#bindings = bindings;
  }

  debug(bindings: object, message: string): void {
    this.#logger.debug({ ...this.#bindings, ...bindings }, message);
  }

  info(bindings: object, message: string): void {
    this.#logger.info({ ...this.#bindings, ...bindings }, message);
  }

  warn(bindings: object, message: string): void {
    this.#logger.warn({ ...this.#bindings, ...bindings }, message);
  }

  error(bindings: object, message: string): void {
    this.#logger.error({ ...this.#bindings, ...bindings }, message);
  }

  child(bindings: object): Logger {
    return this.#logger.child({ ...this.#bindings, ...bindings });
  }
}
