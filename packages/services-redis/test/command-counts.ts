import type { Redis } from "ioredis";

/** How often Redis carried out each command during `work`, those inside scripts included. */
export async function commandCounts(
  client: Redis,
  work: () => Promise<unknown>,
): Promise<Record<string, number>> {
  await client.config("RESETSTAT");
  await work();
  const lines = (await client.info("commandstats")).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm);
  return Object.fromEntries([...lines].map(([, name = "", calls]) => [name, Number(calls)]));
}
