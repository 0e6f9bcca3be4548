import { open, read, timeToFirstEvent } from "./client.ts";
import type { MeasuredServer } from "./measured-server.ts";
import { type Pace, TOKENS } from "./script.ts";

const CONNECTIONS = 32;

async function waves(port: number, pace: Pace, count: number): Promise<number> {
  let events = 0;
  for (let wave = 0; wave < count; wave++) {
    const streams = Array.from({ length: CONNECTIONS }, async () => read(await open(port, pace)));
    for (const seen of await Promise.all(streams)) events += seen;
  }
  return events;
}

/** Microseconds of the server's CPU per token of 32 streams at a time. */
export async function cpuPerEvent(server: MeasuredServer, pace: Pace): Promise<number> {
  await waves(server.port, pace, 15);
  await server.cpu();
  const rounds = 30;
  await waves(server.port, pace, rounds);
  const cpu = await server.cpu();
  return cpu / (rounds * CONNECTIONS * TOKENS);
}

/** The median time to the first event, in milliseconds, one stream at a time. */
export async function firstEvent(server: MeasuredServer): Promise<number> {
  for (let n = 0; n < 50; n++) await timeToFirstEvent(server.port);
  const times: number[] = [];
  for (let n = 0; n < 200; n++) times.push(await timeToFirstEvent(server.port));
  return times.sort((a, b) => a - b)[times.length / 2] ?? Number.NaN;
}

/** Bytes that one more open stream takes after its 200th event, with 1,000 of them open. */
export async function memoryPerStream(server: MeasuredServer): Promise<{ rss: number; heap: number }> {
  await waves(server.port, "turns", 5);
  const before = await server.memory();
  const streams = 1000;
  for (let opened = 0; opened < streams; opened += 50) {
    await Promise.all(Array.from({ length: 50 }, async () => read(await open(server.port, "hold"), TOKENS)));
  }
  const after = await server.memory();
  return { rss: (after.rss - before.rss) / streams, heap: (after.heap - before.heap) / streams };
}
