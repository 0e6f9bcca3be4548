// Kills a server as often as it is told to: `npm run crash -- <backend> <kills> [seed]`.
import { type BackendName, backendNames, startBackend } from "./backend.ts";
import { crash } from "./crash.ts";

const [, , name = "sqlite", kills = "1000", seed = String(Date.now() % 1_000_000)] = process.argv;
if (!backendNames.includes(name as BackendName)) {
  console.error(`There is no backend ${name}: it is one of ${backendNames.join(", ")}.`);
  process.exit(2);
}
console.log(`${name}: ${kills} kills with the seed ${seed}`);
const backend = await startBackend(name as BackendName);
try {
  const onKill = (count: number) => {
    if (count % 50 === 0) console.log(`${count} kills`);
  };
  const report = await crash({ backend, kills: Number(kills), clients: 8, seed: Number(seed), onKill });
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.findings.length === 0 && report.runs > 0 ? 0 : 1;
} finally {
  await backend.stop();
}
