import { RuntimeError, type Service } from "@agentscope-runtime/core";
import { BullMQConnection, type ConnectionSettings, connectionSettings } from "./bullmq-connection.ts";
import type { BullMQOptions } from "./connection-options.ts";

/** The life of a service on BullMQ. `Opened` is what it works with from start to stop. */
export abstract class BullMQService<Opened> implements Service {
  readonly #name: string;
  readonly #settings: ConnectionSettings;
  #opened: { readonly connection: BullMQConnection; readonly parts: Opened } | undefined;
  #turn: Promise<void> = Promise.resolve();

  protected constructor(name: string, options: BullMQOptions) {
    this.#name = name;
    this.#settings = connectionSettings(options);
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#opened !== undefined) return;
      const connection = await BullMQConnection.open(this.#settings);
      this.#opened = { connection, parts: this.open(connection) };
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const opened = this.#opened;
      this.#opened = undefined;
      if (opened === undefined) return;
      await this.close(opened.parts);
      await opened.connection.close();
    });
  }

  async health(): Promise<boolean> {
    return (await this.#opened?.connection.health()) ?? false;
  }

  protected abstract open(connection: BullMQConnection): Opened;

  /** Gives up the parts, while their connection is still there. */
  protected abstract close(parts: Opened): Promise<void>;

  /** Throws `SERVICE_NOT_STARTED` before `start()` and after `stop()`. */
  protected get parts(): Opened {
    if (this.#opened !== undefined) return this.#opened.parts;
    throw new RuntimeError("SERVICE_NOT_STARTED", `${this.#name} is not started: call start() first.`);
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
