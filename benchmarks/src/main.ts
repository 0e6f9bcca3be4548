import { type Comparison, compare, measured, ratio } from "./comparison.ts";
import { cpuPerEvent, firstEvent, manyStreams, memoryOfStreams } from "./measures.ts";
import { startTime } from "./start-time.ts";

interface Goal {
  /** How many times the bare server's figure ours may be. */
  readonly times: number;
  /** What may come on top of that, in the unit of the figures. */
  readonly plus?: number;
}

function report(name: string, unit: string, comparison: Comparison, goal?: Goal): void {
  const { bare, ours } = comparison;
  const times = `${ratio(comparison).toFixed(2)} x`.padStart(8);
  const verdict = goal === undefined ? "" : `: ${judge(comparison, goal)}`;
  console.log(
    `${times}  ${name} (bare ${bare.toFixed(2)} ${unit}, ours ${ours.toFixed(2)} ${unit})${verdict}`,
  );
}

function judge({ bare, ours }: Comparison, { times, plus = 0 }: Goal): string {
  const most = bare * times + plus;
  const goal = `goal ${times} x${plus === 0 ? "" : ` + ${plus.toFixed(4)}`}`;
  return `${goal}, ${ours <= most ? "met" : "missed"}`;
}

report(
  "CPU per event, each token in a turn of its own, 32 streams",
  "µs",
  await compare((server) => cpuPerEvent(server, "turns")),
  { times: 1.4 },
);
report(
  "CPU per event, all tokens at once, 32 streams",
  "µs",
  await compare((server) => cpuPerEvent(server, "burst")),
  { times: 2 },
);
const turn = await measured("bare", (server) => server.turn());
console.log(`${turn.toFixed(4)} ms  a turn of the loop that does nothing else`);
report("time to the first event", "ms", await compare(firstEvent), { times: 2, plus: turn });
report(
  "memory of one more stream when 1,000 are open, after 200 events, log included",
  "KiB",
  await compare(async (server) => (await memoryOfStreams(server)).added),
  { times: 1.5 },
);
report(
  "memory of the process with 1,000 streams open",
  "MiB",
  await compare(async (server) => (await memoryOfStreams(server)).total),
);
report(
  "import of core, beside fastify and zod",
  "ms",
  {
    bare: await startTime(`await import("fastify"); await import("zod");`),
    ours: await startTime(`await import("@agentscope-runtime/core");`),
  },
  { times: 1.5 },
);
report("import of agentscope-runtime, every protocol in it, beside fastify and zod", "ms", {
  bare: await startTime(`await import("fastify"); await import("zod");`),
  ours: await startTime(`await import("agentscope-runtime");`),
});
report("from the import to a server that listens, beside fastify with zod imported", "ms", {
  bare: await startTime(`
    const [{ fastify }] = [await import("fastify"), await import("zod")];
    await fastify().listen({ port: 0 });`),
  ours: await startTime(`
    const { AgentApp, text } = await import("@agentscope-runtime/core");
    const app = new AgentApp({ name: "Friday", log: { level: "silent" } });
    await app.query(text(), async function* () {}).listen({ port: 0 });`),
});
const broken = await measured("runtime", manyStreams);
console.log(`${String(broken).padStart(8)}  of 10,000 streams open at once broke off`);
process.exit(0);
