import { setTimeout as sleep } from "node:timers/promises";
import type { Backend } from "./backend.ts";
import { RunClient } from "./run-client.ts";
import { ServerProcess } from "./server-process.ts";
import { type Finding, verifyHistory, verifyRun } from "./verify.ts";

export interface CrashOptions {
  readonly backend: Backend;
  /** How often to kill the server. */
  readonly kills: number;
  /** How many clients talk to it at once. */
  readonly clients: number;
  /** Of the random moments. */
  readonly seed: number;
  readonly onKill?: ((kills: number) => void) | undefined;
}

export interface CrashReport {
  readonly kills: number;
  readonly runs: number;
  readonly events: number;
  /** How often clients came back to a run. */
  readonly returns: number;
  /** How many runs ended in each way. */
  readonly ends: Readonly<Record<string, number>>;
  /** Everything that is not as it has to be. */
  readonly findings: readonly Finding[];
}

/** In milliseconds: short, since a server has to live for as long before it looks after the runs of the one before. */
const LEASE_TTL = 300;

/**
 * Kills a server at random moments while clients read runs from it, and starts it again, until it was killed often enough;
 * then compares what every client has seen with the logs, and the logs with the histories.
 */
export async function crash({ backend, kills, clients, seed, onKill }: CrashOptions): Promise<CrashReport> {
  const random = randomNumbers(seed);
  let server = await ServerProcess.start(backend, { leaseTtl: LEASE_TTL });
  const { url, port } = server;
  const finished: RunClient[] = [];
  const findings: Finding[] = [];
  let over = false;

  const talk = async (client: number) => {
    for (let turn = 0; !over; turn++) {
      // Two clients share a session, so that runs wait for each other.
      const sessionId = `session ${client >> 1}, part ${turn >> 3}`;
      const runId = `run-${client}-${turn}`;
      const words = `quick ${5 + Math.floor(random() * 120)}`;
      const run = new RunClient({ url, runId, sessionId, words });
      try {
        await run.run();
        finished.push(run);
      } catch (error) {
        findings.push({ runId, problem: String(error) });
      }
    }
  };
  const talking = Promise.all(Array.from({ length: clients }, (_, client) => talk(client)));
  try {
    for (let kill = 1; kill <= kills; kill++) {
      await sleep(20 + random() * 1000);
      await server.kill();
      onKill?.(kill);
      server = await ServerProcess.start(backend, { port, leaseTtl: LEASE_TTL });
    }
    over = true;
    await talking;
    for (const client of finished) findings.push(...(await verifyRun(url, client)));
    const sessions = new Set(finished.map(({ sessionId }) => sessionId));
    for (const sessionId of sessions) {
      const runs = finished.filter((client) => client.sessionId === sessionId);
      findings.push(...(await verifyHistory(url, sessionId, runs)));
    }
  } finally {
    over = true;
    await server.kill();
    await talking;
  }
  return {
    kills,
    runs: finished.length,
    events: finished.reduce((sum, { events }) => sum + events.length, 0),
    returns: finished.reduce((sum, { returns }) => sum + returns, 0),
    ends: Object.fromEntries(countBy(finished, ({ end }) => String(end?.status))),
    findings,
  };
}

function countBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
