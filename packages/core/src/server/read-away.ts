import type { IncomingMessage } from "node:http";

/** How long a client may go on sending what nobody wants, in milliseconds. */
const PATIENCE = 5000;

/**
 * Resolves when the client has sent its whole body, which is thrown away. A client whose connection is closed while it
 * still sends never sees the answer.
 */
export async function readAway(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PATIENCE);
  request.once("end", resolve).once("close", resolve).resume();
  await promise;
  clearTimeout(timer);
}
