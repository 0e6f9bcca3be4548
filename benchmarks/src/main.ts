import { importTime } from "./import-time.ts";
import { MeasuredServer } from "./measured-server.ts";
import { cpuPerEvent, firstEvent, manyStreams, memoryPerStream } from "./measures.ts";

/** How often each comparison is made; its median counts. */
const ROUNDS = 3;

interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly bare: number;
  readonly ours: number;
}

/** Measures both servers in turn, each time in new processes. */
async function compare(
  name: string,
  unit: string,
  measure: (server: MeasuredServer) => Promise<number>,
): Promise<Comparison> {
  const rounds: Comparison[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({
      name,
      unit,
      bare: await measured("bare", measure),
      ours: await measured("runtime", measure),
    });
  }
  return median(rounds);
}

async function measured(
  kind: "bare" | "runtime",
  measure: (server: MeasuredServer) => Promise<number>,
): Promise<number> {
  await using server = await MeasuredServer.start(kind);
  // Awaited here, or the server would be gone before it is measured.
  return await measure(server);
}

function median(rounds: readonly Comparison[]): Comparison {
  const sorted = [...rounds].sort((a, b) => ratio(a) - ratio(b));
  return sorted[Math.floor(sorted.length / 2)] as Comparison;
}

function ratio({ bare, ours }: Comparison): number {
  return ours / bare;
}

function report(comparison: Comparison): void {
  const { name, unit, bare, ours } = comparison;
  const times = `${ratio(comparison).toFixed(2)} x`.padStart(8);
  console.log(`${times}  ${name} (bare ${bare.toFixed(2)} ${unit}, ours ${ours.toFixed(2)} ${unit})`);
}

report(
  await compare("CPU per event, each token in a turn of its own, 32 streams", "µs", (s) =>
    cpuPerEvent(s, "turns"),
  ),
);
report(await compare("CPU per event, all tokens at once, 32 streams", "µs", (s) => cpuPerEvent(s, "burst")));
report(await compare("time to the first event", "ms", firstEvent));
report(
  await compare(
    "memory of one more open stream after 200 events, log included",
    "KiB",
    async (s) => (await memoryPerStream(s)).added,
  ),
);
report(
  await compare(
    "memory of the process with 1,000 streams open",
    "MiB",
    async (s) => (await memoryPerStream(s)).total,
  ),
);
report({
  name: "import of core, beside fastify and zod",
  unit: "ms",
  bare: await importTime(["fastify", "zod"]),
  ours: await importTime(["@agentscope-runtime/core"]),
});
console.log(
  `${String(await measured("runtime", manyStreams)).padStart(8)}  of 10,000 streams open at once broke off`,
);
process.exit(0);
