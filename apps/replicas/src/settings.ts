/** What the environment says. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly replicas: number;
  readonly redisUrl: string;
}

/** Reads the settings; throws an error that says which of them can't be. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const redisUrl = env.REDIS_URL || "redis://127.0.0.1:6379";
  if (!URL.canParse(redisUrl) || !/^rediss?:$/.test(new URL(redisUrl).protocol)) {
    throw new Error("REDIS_URL is a URL such as redis://127.0.0.1:6379.");
  }
  return {
    host: env.HOST || "127.0.0.1",
    port: whole("PORT", env.PORT || "8090", 0, 65_535),
    replicas: whole("REPLICAS", env.REPLICAS || "2", 1, 256),
    redisUrl,
  };
}

function whole(name: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Error(`${name} is a whole number from ${min} to ${max}, not ${JSON.stringify(value)}.`);
}
