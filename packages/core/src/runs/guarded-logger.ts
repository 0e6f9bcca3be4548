import type { Logger } from "../contracts/logger.ts";

/** Never throws, whatever it is told to log: an error may have a getter that fails, and a log of one's own a bug. */
export class GuardedLogger implements Logger {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  debug(bindings: object, message: string): void {
    this.#log("debug", bindings, message);
  }

  info(bindings: object, message: string): void {
    this.#log("info", bindings, message);
  }

  warn(bindings: object, message: string): void {
    this.#log("warn", bindings, message);
  }

  error(bindings: object, message: string): void {
    this.#log("error", bindings, message);
  }

  child(bindings: object): Logger {
    return new GuardedLogger(this.#logger.child(bindings));
  }

  #log(level: "debug" | "info" | "warn" | "error", bindings: object, message: string): void {
    try {
      this.#logger[level](bindings, message);
    } catch {
      this.#logWithout(level, message);
    }
  }

  #logWithout(level: "debug" | "info" | "warn" | "error", message: string): void {
    try {
      this.#logger[level]({}, `${message} (what belongs to it could not be logged)`);
    } catch {
      // There is nobody left to tell.
    }
  }
}
