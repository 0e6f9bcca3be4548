import type { SessionKey } from "@agentscope-runtime/core";

/** Ids that break keys, globs, paths, SQL and objects which are put together carelessly. All differ. */
export const hostileIds: readonly string[] = [
  ":",
  "a:b",
  "*",
  "?",
  "[a-z]",
  "{a}",
  "/",
  "../../a",
  "\\",
  '"',
  "'",
  "' or ''='",
  "`",
  "%",
  "_",
  "$1",
  "a",
  "A",
  " a",
  "a ",
  "a\nb",
  "\t",
  "\0",
  "\ud800",
  "\udc00",
  "0",
  "00",
  "null",
  "undefined",
  "🦊",
  "\u00e9",
  "e\u0301",
  "__proto__",
  "constructor",
  "x".repeat(1024),
  `${"x".repeat(1023)}y`,
];

/** Keys of different sessions that a careless backend takes for one. */
export const hostileSessions: readonly SessionKey[] = [
  { userId: "user", sessionId: "session" },
  ...hostileIds.map((sessionId) => ({ userId: "user", sessionId })),
  ...hostileIds.map((userId) => ({ userId, sessionId: "session" })),
  ...hostileIds.map((agent) => ({ agent, userId: "user", sessionId: "session" })),
  ...[":", "/", "\0", '","', " "].flatMap((separator) => [
    { userId: `a${separator}b`, sessionId: "c" },
    { userId: "a", sessionId: `b${separator}c` },
    { agent: "a", userId: "b", sessionId: "c" },
    { agent: `a${separator}b`, userId: "c", sessionId: "d" },
    { agent: "a", userId: `b${separator}c`, sessionId: "d" },
  ]),
].filter(isFirst);

function isFirst(key: SessionKey, index: number, keys: readonly SessionKey[]): boolean {
  const text = JSON.stringify([key.agent, key.userId, key.sessionId]);
  return (
    keys.findIndex((other) => JSON.stringify([other.agent, other.userId, other.sessionId]) === text) === index
  );
}
