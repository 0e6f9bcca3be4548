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

/** The median time to the first event, in milliseconds, one stream at a time, once the server's code is compiled. */
export async function firstEvent(server: MeasuredServer): Promise<number> {
  for (let n = 0; n < 500; n++) await timeToFirstEvent(server.port);
  const times: number[] = [];
  for (let n = 0; n < 500; n++) times.push(await timeToFirstEvent(server.port));
  return times.sort((a, b) => a - b)[times.length / 2] ?? Number.NaN;
}

/**
 * The resident memory of streams after their 200th event: of all when 1,000 are open, in MiB, and of one more, in KiB,
 * by what another 1,000 add. What the first ones cost once, such as code that is compiled, is in the former only.
 */
export async function memoryOfStreams(server: MeasuredServer): Promise<{ added: number; total: number }> {
  await waves(server.port, "turns", 5);
  const streams = 1000;
  await hold(server, streams);
  const before = await server.residentMemory();
  await hold(server, streams);
  const after = await server.residentMemory();
  return { added: (after - before) / streams / 1024, total: before / 2 ** 20 };
}

async function hold({ port }: MeasuredServer, streams: number): Promise<void> {
  for (let opened = 0; opened < streams; opened += 50) {
    await Promise.all(Array.from({ length: 50 }, async () => read(await open(port, "hold"), TOKENS)));
  }
}

/** Opens 10,000 streams of ten tokens, one a second; resolves to how many of them broke off or missed a token. */
export async function manyStreams(server: MeasuredServer): Promise<number> {
  const streams: Promise<boolean>[] = [];
  for (let opened = 0; opened < 10_000; opened += 100) {
    const batch = Array.from({ length: 100 }, () => open(server.port, "1000ms", 10));
    for (const response of await Promise.all(batch)) {
      const whole = read(response).then(
        (events) => events >= 10,
        () => false,
      );
      streams.push(whole);
    }
  }
  return (await Promise.all(streams)).filter((whole) => !whole).length;
}
