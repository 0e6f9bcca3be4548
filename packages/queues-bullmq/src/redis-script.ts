import { createHash } from "node:crypto";

/** A Lua script and the name by which Redis knows it. */
export interface RedisScript {
  readonly lua: string;
  readonly sha: string;
}

/** A script put together from functions it uses and its own lines. */
export function redisScript(...parts: readonly string[]): RedisScript {
  const lua = parts.join("\n");
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}
