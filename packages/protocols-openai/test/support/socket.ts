import { once } from "node:events";
import { onTestFinished } from "vitest";
import { type ClientOptions, WebSocket } from "ws";

export interface Frame {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A socket of no client's in particular, which keeps the frames that it gets. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      this.frames.push(JSON.parse(String(data)));
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers();
    });
  }

  /** Sends a frame: an object as JSON, all else as it is. */
  send(frame: object | string): this {
    this.socket.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
    return this;
  }

  /** Resolves to the next frame of that type, and forgets those before it. */
  async next(type: string): Promise<Frame> {
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.type === type);
      const [frame] = at === -1 ? [] : this.frames.splice(0, at + 1).slice(at);
      if (frame !== undefined) return frame;
      await this.#arrived.promise;
    }
  }

  /** Resolves to the code that it is closed with. */
  async closed(): Promise<number> {
    const [code] = await once(this.socket, "close");
    return code as number;
  }
}

/** Opens a socket for Responses of a server, until the test ends; rejects where the server does not. */
export async function openSocket(url: string, options: ClientOptions = {}): Promise<RawSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/responses`, options);
  onTestFinished(() => socket.terminate());
  const raw = new RawSocket(socket);
  await once(socket, "open");
  socket.on("error", () => undefined);
  return raw;
}

/** The status that a server refuses a socket with. */
export async function refusal(url: string, options: ClientOptions = {}): Promise<number | undefined> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/responses`, options);
  socket.on("error", () => undefined);
  const [, response] = await once(socket, "unexpected-response");
  response.resume();
  await once(response, "close");
  return response.statusCode;
}
