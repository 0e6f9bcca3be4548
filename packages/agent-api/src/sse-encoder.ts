/** One server-sent event. */
export interface SseEvent {
  readonly data: string;
  readonly event?: string | undefined;
  readonly id?: string | undefined;
}

/** The bytes of an event. Line breaks of any kind in `data` become lines of their own. */
export function encodeSseEvent({ data, event, id }: SseEvent): string {
  const head = `${field("event", event)}${field("id", id)}`;
  return `${head}data: ${LINE_BREAK.test(data) ? data.split(LINE_BREAK).join("\ndata: ") : data}\n\n`;
}

/** A comment, which clients pass over and proxies take for life. */
export function encodeSseComment(comment: string): string {
  return `${comment
    .split(LINE_BREAK)
    .map((line) => `: ${line}\n`)
    .join("")}\n`;
}

/** How many milliseconds a client shall wait before it reconnects; negative numbers count as 0. */
export function encodeSseRetry(milliseconds: number): string {
  const whole = Math.max(0, Math.trunc(milliseconds));
  if (Number.isSafeInteger(whole)) return `retry: ${whole}\n\n`;
  throw new TypeError(`An SSE retry is a number of milliseconds, but got ${milliseconds}.`);
}

const LINE_BREAK = /\r\n|\r|\n/;
const FORBIDDEN = /[\r\n\0]/;

function field(name: string, value: string | undefined): string {
  if (value === undefined) return "";
  if (FORBIDDEN.test(value)) {
    throw new TypeError(`An SSE ${name} holds no line break and no NUL, but got ${JSON.stringify(value)}.`);
  }
  return `${name}: ${value}\n`;
}
