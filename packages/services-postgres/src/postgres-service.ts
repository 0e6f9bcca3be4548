import { RuntimeError, type Service, type SessionHandle, sessionKeyText } from "@agentscope-runtime/core";
import { digest } from "./digest.ts";
import { PostgresConnection, type PostgresConnectionOptions } from "./postgres-connection.ts";

/** The connection of a service: its own, or one that it shares with others. */
export type PostgresServiceOptions =
  | (PostgresConnectionOptions & { readonly connection?: undefined })
  | { readonly connection: PostgresConnection };

/** What the services over a {@link PostgresConnection} have in common: their life, and how they get at the schema. */
export abstract class PostgresService implements Service {
  readonly #name: string;
  readonly #connection: PostgresConnection;

  constructor(name: string, options: PostgresServiceOptions) {
    this.#name = name;
    this.#connection = options.connection ?? new PostgresConnection(options);
  }

  start(): Promise<void> {
    return this.#connection.attach(this);
  }

  stop(): Promise<void> {
    return this.#connection.detach(this);
  }

  async health(): Promise<boolean> {
    return this.#connection.isAttached(this) && this.#connection.ping();
  }

  /** Throws `SERVICE_NOT_STARTED` before `start()` and after `stop()`. */
  protected assertStarted(): void {
    if (!this.#connection.isAttached(this)) {
      throw new RuntimeError("SERVICE_NOT_STARTED", `${this.#name} is not started: call start() first.`);
    }
  }

  /** Calls a function of the schema and resolves to the rows it returns. */
  protected async call<Row>(name: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
    const places = values.map((_, index) => `$${index + 1}`).join(", ");
    return this.select((schema) => `select * from ${schema}.${name}(${places}) as result`, ...values);
  }

  /** Calls a function whose first parameters are a session and its fence, which it raises and checks. */
  protected async write<Row>(
    name: string,
    session: SessionHandle,
    ...values: readonly unknown[]
  ): Promise<readonly Row[]> {
    return this.call(name, digest(sessionKeyText(session)), session.fence, ...values);
  }

  /** Runs a statement whose first value is the digest of a session, of whose fence note is taken before. */
  protected async read<Row>(
    session: SessionHandle,
    statement: (schema: string) => string,
    ...values: readonly unknown[]
  ): Promise<readonly Row[]> {
    const key = digest(sessionKeyText(session));
    // A statement of its own: what is read has to hold all that superseded runs have written till then.
    if (session.fence !== undefined) await this.call("note_fence", key, session.fence);
    return this.select(statement, key, ...values);
  }

  /** Runs a statement that is given the schema's name, quoted. */
  protected async select<Row>(
    statement: (schema: string) => string,
    ...values: readonly unknown[]
  ): Promise<readonly Row[]> {
    this.assertStarted();
    return this.#connection.query<Row>(statement(this.#connection.schema), values);
  }
}
