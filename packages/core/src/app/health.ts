import type { Service } from "../contracts/service.ts";

/** Whether an app can take on runs, and which of its services are well. */
export interface Health {
  readonly ready: boolean;
  readonly services: Readonly<Record<string, boolean>>;
}

/** A service that has not answered by then is not well, in milliseconds. */
const ANSWER_WITHIN = 2000;

export async function checkHealth(
  services: Readonly<Record<string, Service>>,
  accepting: boolean,
): Promise<Health> {
  const checked = await Promise.all(
    Object.entries(services).map(async ([name, service]) => [name, await isWell(service)] as const),
  );
  return { ready: accepting && checked.every(([, well]) => well), services: Object.fromEntries(checked) };
}

async function isWell(service: Service): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ANSWER_WITHIN, false);
  try {
    return (await Promise.race([service.health(), late])) === true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
