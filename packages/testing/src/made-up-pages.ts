/** Limits that no page may have. */
export const badLimits: readonly number[] = [0, -1, 1.5, 1001, Number.NaN, Number.POSITIVE_INFINITY];

/** Cursors that no page gave out. */
export const badCursors: readonly string[] = [
  "",
  "made up",
  "-1",
  "' or 1=1 --",
  "🦊",
  Buffer.from("null").toString("base64url"),
  Buffer.from('{"after":1e999}').toString("base64url"),
];
