import { AgentEvent, AgentResponse, Content, isTerminal, Message } from "@agentscope-runtime/agent-api";
import { goldenTrace, goldenTraceNames } from "@agentscope-runtime/testing";
import { describe, expect, it } from "vitest";

describe.each(goldenTraceNames)("the trace %s", (name) => {
  const { lines, events } = goldenTrace(name);
  const responses = events.filter((event) => event.object === "response");
  const messages = events.filter((event) => event.object === "message");
  const contents = events.filter((event) => event.object === "content");
  const last = responses.at(-1);

  it("holds valid events with every key, in the order of the schemas", () => {
    for (const line of lines) expect(JSON.stringify(AgentEvent.parse(JSON.parse(line)))).toBe(line);
  });

  it("is told apart by object alone", () => {
    const schemas = { response: AgentResponse, message: Message, content: Content };
    for (const event of events) expect(schemas[event.object].safeParse(event).success).toBe(true);
  });

  it("is numbered from 0 without gaps", () => {
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, place) => place));
  });

  it("opens with the response, and has exactly one terminal event, at its end", () => {
    expect(responses.map(({ status }) => status)).toEqual(["created", "in_progress", last?.status]);
    expect(events[0]).toBe(responses[0]);
    expect(events[1]).toBe(responses[1]);
    expect(events.at(-1)).toBe(last);
    expect(last !== undefined && isTerminal(last.status)).toBe(true);
    expect(last).toMatchObject({ created_at: 1765000000, completed_at: 1765000001 });
  });

  it("opens and closes every message once, and closes every slot of it", () => {
    const ids = [...new Set(messages.map(({ id }) => id))];
    expect(contents.every(({ msg_id }) => msg_id !== null && ids.includes(msg_id))).toBe(true);
    for (const id of ids) {
      const [opened, closed, ...more] = messages.filter((message) => message.id === id);
      const slots = contents.filter(({ msg_id, status }) => msg_id === id && status !== "in_progress");
      expect(more).toEqual([]);
      expect(opened).toMatchObject({ status: "in_progress", content: null });
      expect(closed?.status).toMatch(/^(completed|incomplete)$/);
      expect(closed?.content).toEqual(slots);
      expect(slots.map(({ index, delta }) => [index, delta])).toEqual(
        slots.map((_, place) => [place, false]),
      );
      const between = contents.filter(({ msg_id }) => msg_id === id).map((slot) => slot.sequence_number ?? 0);
      expect(Math.min(...between)).toBeGreaterThan(opened?.sequence_number ?? Number.NaN);
      expect(Math.max(...between)).toBeLessThan(closed?.sequence_number ?? Number.NaN);
    }
  });

  it("has deltas that make up what is completed", () => {
    for (const slot of contents) {
      if (slot.status === "in_progress" || slot.type !== "text") continue;
      const deltas = contents.filter(
        ({ msg_id, index, delta }) => delta && msg_id === slot.msg_id && index === slot.index,
      );
      expect(deltas.map((delta) => (delta.type === "text" ? delta.text : undefined)).join("")).toBe(
        slot.text,
      );
    }
  });

  it("ends with the messages in the order in which they were completed", () => {
    expect(last?.output).toEqual(messages.filter(({ status }) => status !== "in_progress"));
  });
});
