import { Agent, request } from "node:http";
import { MeasuredServer } from "./measured-server.ts";
import type { ProtocolStream } from "./protocol-streams.ts";
import { lastWord, TOKENS } from "./script.ts";

const CONNECTIONS = 32;
const WARM_UP = 15;
const WAVES = 30;

/**
 * Microseconds of a server's CPU per token of 32 streams at a time, by the name of the stream, all of what a run and its
 * request cost included. Each has a server of its own in a new process; their waves take turns, so that all meet the same
 * noise.
 */
export async function cpuPerToken(streams: readonly ProtocolStream[]): Promise<ReadonlyMap<string, number>> {
  await using servers = new AsyncDisposableStack();
  const pairs: [ProtocolStream, MeasuredServer][] = [];
  for (const stream of streams) pairs.push([stream, servers.use(await MeasuredServer.start("protocols"))]);
  for (let wave = 0; wave < WARM_UP + WAVES; wave++) {
    if (wave === WARM_UP) for (const [, server] of pairs) await server.cpu();
    for (const [stream, { port }] of pairs) await sendWave(port, stream);
  }
  const costs = new Map<string, number>();
  for (const [{ name }, server] of pairs) {
    costs.set(name, (await server.cpu()) / (WAVES * CONNECTIONS * TOKENS));
  }
  return costs;
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

async function sendWave(port: number, stream: ProtocolStream): Promise<void> {
  await Promise.all(Array.from({ length: CONNECTIONS }, () => readWhole(port, stream)));
}

/** Reads a stream to its end; rejects where it has not said all that the agent has. */
function readWhole(port: number, { name, path, headers, body }: ProtocolStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = { "content-type": "application/json", ...headers };
    const outgoing = request({ port, host: "127.0.0.1", method: "POST", path, agent, headers: sent });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const whole = Buffer.concat(pieces);
        if (whole.includes(lastWord)) resolve();
        else reject(new Error(`${name} answers ${response.statusCode}: ${whole.subarray(0, 500)}`));
      });
    });
    outgoing.end(JSON.stringify(body()));
  });
}
