import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/**
 * Has the server drop, when it closes, the connections that have sent no request, such as those that browsers open
 * in advance: Node takes them for busy and would wait for them for ever.
 */
export function dropUnusedConnections(fastify: FastifyInstance): void {
  const unused = new Set<Socket>();
  function forget(this: Socket): void {
    unused.delete(this);
  }
  fastify.server.on("connection", (socket: Socket) => {
    unused.add(socket);
    socket.on("close", forget);
  });
  // The server's own event knows nothing of requests that become sockets.
  fastify.addHook("onRequest", (request, _reply, done) => {
    const { socket } = request.raw;
    if (unused.delete(socket)) socket.off("close", forget);
    done();
  });
  fastify.addHook("preClose", async () => {
    for (const socket of unused) socket.destroy();
  });
}
