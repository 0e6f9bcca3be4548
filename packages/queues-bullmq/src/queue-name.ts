/**
 * Any text as a part of the name of a queue or of a job's id, which may hold no colon. Different texts never become the
 * same one: what UTF-8 can't tell apart is escaped as in JSON first.
 */
export function encodeName(text: string): string {
  return encodeURIComponent(JSON.stringify(text).slice(1, -1));
}
