import { EventEmitter } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

/**
 * The requests of a server that become sockets. Node takes every request with an `Upgrade` header out of HTTP once
 * somebody listens; those for other paths, such as what clients send that would rather speak HTTP/2, are put back.
 */
export class Upgrades {
  static readonly #all = new WeakMap<Server, Upgrades>();
  readonly #server: Server;
  readonly #targets = new Map<string, EventEmitter>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("upgrade", (request, socket, head) => this.#route(request, socket, head));
  }

  /** Has the WebSocket requests for those paths emitted as `upgrade` events of an emitter of their own. */
  static of(server: Server, paths: readonly string[]): EventEmitter {
    // Of all that share the server one only may put a request back.
    const upgrades = Upgrades.#all.get(server) ?? new Upgrades(server);
    Upgrades.#all.set(server, upgrades);
    const target = new EventEmitter();
    for (const path of paths) upgrades.#targets.set(path, target);
    return target;
  }

  #route(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const wanted = request.method === "GET" && request.headers.upgrade?.toLowerCase() === "websocket";
    const target = wanted ? this.#targets.get(path) : undefined;
    if (target !== undefined) target.emit("upgrade", request, socket, head);
    else if (this.#server.listenerCount("upgrade") === 1) this.#putBack(request, socket, head);
  }

  #putBack({ method, url, httpVersion, rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void {
    const lines = [`${method} ${url} HTTP/${httpVersion}`];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      if (rawHeaders[at]?.toLowerCase() !== "upgrade") lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    }
    socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
    const before = socket.rawListeners("close");
    this.#server.emit((socket as TLSSocket).encrypted ? "secureConnection" : "connection", socket);
    // Who waits for the end of connections has seen this one already.
    for (const added of socket.rawListeners("close").slice(before.length)) {
      if (before.includes(added)) socket.off("close", added as () => void);
    }
  }
}
