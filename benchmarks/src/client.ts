import { Agent, type IncomingMessage, request } from "node:http";
import { type Pace, TOKENS } from "./script.ts";

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** Opens a stream; resolves once it answers. */
export function open(port: number, pace: Pace, count = TOKENS): Promise<IncomingMessage> {
  const input = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
  const body = JSON.stringify({ input, pace, count });
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: "127.0.0.1",
        method: "POST",
        path: `/process?pace=${pace}&count=${count}`,
        agent,
        headers: { "content-type": "application/json" },
      },
      resolve,
    );
    outgoing.on("error", reject).end(body);
  });
}

/** Reads a stream to its end, or until it has shown `events` events; resolves to how many it had. */
export function read(response: IncomingMessage, events = Number.POSITIVE_INFINITY): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    response.on("data", (chunk: Buffer) => {
      for (let at = chunk.indexOf("\ndata:"); at >= 0; at = chunk.indexOf("\ndata:", at + 1)) count++;
      if (count >= events) resolve(count);
    });
    response.on("end", () => resolve(count));
    response.on("error", reject);
  });
}

/** Milliseconds from the request to the first event. */
export async function timeToFirstEvent(port: number): Promise<number> {
  const started = performance.now();
  const response = await open(port, "turns");
  const ended = new Promise<void>((resolve, reject) => response.on("end", resolve).on("error", reject));
  const time = await new Promise<number>((resolve) => {
    response.on("data", (chunk: Buffer) => {
      if (chunk.includes("data:")) resolve(performance.now() - started);
    });
  });
  await ended;
  return time;
}
