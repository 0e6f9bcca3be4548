import { MeasuredServer } from "./measured-server.ts";

/** How often each comparison is made; the one with the median ratio counts. */
const ROUNDS = 5;

export type Measure = (server: MeasuredServer) => Promise<number>;

/** The same measure of both servers. */
export interface Comparison {
  readonly bare: number;
  readonly ours: number;
}

/** Measures both servers in turn, each time in new processes. */
export async function compare(measure: Measure): Promise<Comparison> {
  const rounds: Comparison[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ bare: await measured("bare", measure), ours: await measured("runtime", measure) });
  }
  rounds.sort((a, b) => ratio(a) - ratio(b));
  return rounds[Math.floor(ROUNDS / 2)] as Comparison;
}

/** Takes one measure of one server in a new process. */
export async function measured(kind: "bare" | "runtime", measure: Measure): Promise<number> {
  await using server = await MeasuredServer.start(kind);
  // Awaited here, or the server would be gone before it is measured.
  return await measure(server);
}

export function ratio({ bare, ours }: Comparison): number {
  return ours / bare;
}
