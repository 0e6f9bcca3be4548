// `npm run bench -- encoders`: what each protocol costs beside the Agent API, over the same stream.
import { cpuPerToken } from "./encoder-measures.ts";
import { median } from "./median.ts";
import { agentApiStream, protocolStreams } from "./protocol-streams.ts";
import { pureEncoders, timePerEntry } from "./pure-encoders.ts";

const ROUNDS = 5;

/** How many times the CPU of the Agent API a protocol may take. */
const GOAL = 1.25;

const streams = [agentApiStream, ...protocolStreams];
const rounds: ReadonlyMap<string, number>[] = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await cpuPerToken(streams));
for (const { name } of streams) {
  const cost = median(rounds.map((costs) => costOf(name, costs)));
  const times = median(rounds.map((costs) => costOf(name, costs) / costOf(agentApiStream.name, costs)));
  const verdict = `goal ${GOAL} x, ${times <= GOAL ? "met" : "missed"}`;
  line(times, "x", `CPU per token, each in a turn of its own, ${name} (${cost.toFixed(2)} µs): ${verdict}`);
}
for (const { name, encode } of pureEncoders) {
  line(timePerEntry(encode), "µs", `to encode and serialise an entry, without a server, ${name}`);
}
process.exit(0);

function costOf(name: string, costs: ReadonlyMap<string, number>): number {
  return costs.get(name) ?? Number.NaN;
}

function line(value: number, unit: string, name: string): void {
  console.log(`${value.toFixed(2).padStart(6)} ${unit.padEnd(2)}  ${name}`);
}
