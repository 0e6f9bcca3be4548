import { A2A_CONTENT_TYPE, AgentCard } from "@a2a-js/sdk";
import type { A2AError } from "@a2a-js/sdk/errors";
import { toRestError } from "./a2a-error.ts";
import type { A2AEvent, A2ATask } from "./a2a-task.ts";

export type Json = Readonly<Record<string, unknown>>;

/** How a version of the protocol says things in HTTP and JSON. All but what is said is as in 1.0. */
export interface RestDialect {
  readonly version: "1.0" | "0.3";
  /** Where its routes are, below those of the agent. */
  readonly path: string;
  readonly cardPath: string;
  readonly contentType: string;
  /** The status of the answer to a message. */
  readonly sent: number;
  /** A body with a message, as it would be in 1.0. */
  readonly fromMessage: (body: Json) => Json;
  /** A body with a configuration of notifications, as it would be in 1.0. */
  readonly fromConfig: (body: Json) => Json;
  readonly toTask: (task: A2ATask) => object;
  readonly toEvent: (event: A2AEvent) => object;
  readonly toConfig: (config: Json) => object;
  readonly toCard: (card: AgentCard) => object | Promise<object>;
  readonly toError: (error: A2AError, status: number) => object;
}

function same<Value>(value: Value): Value {
  return value;
}

export const currentDialect: RestDialect = {
  version: "1.0",
  path: "",
  cardPath: "/extendedAgentCard",
  contentType: A2A_CONTENT_TYPE,
  sent: 200,
  fromMessage: same,
  fromConfig: same,
  toTask: same,
  toEvent: same,
  toConfig: same,
  toCard: (card) => AgentCard.toJSON(card) as object,
  toError: toRestError,
};
