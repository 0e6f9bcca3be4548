import { PostgresConnection } from "./postgres-connection.ts";
import type { PostgresPoolClient } from "./postgres-pool.ts";
import { PostgresService, type PostgresServiceOptions } from "./postgres-service.ts";

/** The schema as the parts of a run store share it. */
export class RunDatabase extends PostgresService {
  readonly #connection: PostgresConnection;

  constructor(options: PostgresServiceOptions) {
    const connection = options.connection ?? new PostgresConnection(options);
    super("PostgresRunStore", { connection });
    this.#connection = connection;
  }

  get schema(): string {
    return this.#connection.schema;
  }

  override assertStarted(): void {
    super.assertStarted();
  }

  override call<Row>(name: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
    return super.call(name, ...values);
  }

  override select<Row>(
    statement: (schema: string) => string,
    ...values: readonly unknown[]
  ): Promise<readonly Row[]> {
    return super.select(statement, ...values);
  }

  /** A connection of the pool that is the caller's until it is released. */
  connect(): Promise<PostgresPoolClient> {
    return this.#connection.connect();
  }
}
