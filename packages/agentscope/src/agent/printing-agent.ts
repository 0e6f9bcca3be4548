import type { Msg } from "../message/msg.ts";

/** `last` is true for the final snapshot of a message, once for every message id. */
export type PrintListener = (message: Msg, last: boolean) => void;

/** An agent whose messages can be watched while they grow. */
export interface PrintingAgent {
  /** Calls `listener` with every snapshot, as it is printed; returns a function that ends that. */
  onPrint(listener: PrintListener): () => void;
}
