import type { SseEvent } from "@agentscope-runtime/agent-api";

/** What the HTML standard's algorithm makes of an event stream: slow, and read off the standard line by line. */
export function specifiedSseEvents(text: string): {
  events: SseEvent[];
  lastEventId: string;
  retry: number | undefined;
} {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  // What stands after the last line break is no line yet.
  lines.pop();

  const events: SseEvent[] = [];
  let data: string[] = [];
  let event: string | undefined;
  let id: string | undefined;
  let lastEventId = "";
  let retry: number | undefined;
  for (const line of lines) {
    if (line === "") {
      lastEventId = id ?? lastEventId;
      if (data.length > 0) events.push({ data: data.join("\n"), event: event || undefined, id });
      data = [];
      event = undefined;
      id = undefined;
      continue;
    }
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) retry = Number(value);
  }
  return { events, lastEventId, retry };
}
