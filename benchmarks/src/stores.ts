// `npm run bench -- stores`: what each store costs beside the one in memory.
import { MeasuredServer } from "./measured-server.ts";
import { cpuPerEvent } from "./measures.ts";
import { median } from "./median.ts";
import { type StoreName, storeHome, storeNames } from "./store.ts";
import { bytesPerEvent, readerLag, turnCost } from "./store-measures.ts";

const ROUNDS = 3;

const cpu = new Map<StoreName, number[]>(storeNames.map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const name of storeNames) {
    await using home = await storeHome(name);
    await using server = await MeasuredServer.start("runtime", [name, home.location]);
    cpu.get(name)?.push(await cpuPerEvent(server, "turns"));
  }
}
const inMemory = median(cpu.get("memory"));
for (const name of storeNames) {
  const own = median(cpu.get(name));
  line(own / inMemory, "x", `CPU per event with ${name}, 32 streams (${own.toFixed(2)} µs)`);
}
for (const name of storeNames.slice(1)) {
  await using home = await storeHome(name);
  line(await readerLag(name, home.location), "ms", `from an append to a reader elsewhere, ${name}`);
}
for (const name of storeNames) {
  await using home = await storeHome(name);
  const { early, late } = await turnCost(name, home.location);
  const times = `${early.toFixed(2)} ms, then ${late.toFixed(2)} ms`;
  line(late / early, "x", `a session's 1,000th turn beside its 10th, ${name} (${times})`);
}
for (const name of storeNames.slice(1)) {
  await using home = await storeHome(name);
  const { fresh, compacted } = await bytesPerEvent(name, home);
  line(
    fresh,
    "B",
    `an event of a run of 202 takes, ${name} (${compacted.toFixed(0)} B where runs are compacted)`,
  );
}
process.exit(0);

function line(value: number, unit: string, name: string): void {
  console.log(`${value.toFixed(2).padStart(6)} ${unit.padEnd(2)}  ${name}`);
}
