import { type AgentEvent, isTerminal } from "@agentscope-runtime/agent-api";
import { text } from "@agentscope-runtime/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventsIn, expectWholeLog, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serverOf } from "./support/serve.ts";

const text$ = fc.string({ unit: "binary", maxLength: 20 });
const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), text$);
const content = fc.oneof(
  anything,
  fc.record(
    {
      type: fc.constantFrom("text", "data", "image", "audio", "video", "file", "refusal", "other"),
      text: fc.oneof(text$, anything),
      data: anything,
      index: anything,
      delta: anything,
    },
    { requiredKeys: [] },
  ),
);
const message = fc.oneof(
  anything,
  fc.record(
    {
      role: fc.constantFrom("user", "assistant", "system", "tool", "boss"),
      id: fc.oneof(text$, anything),
      type: anything,
      content: fc.oneof(fc.array(content, { maxLength: 3 }), anything),
      metadata: anything,
    },
    { requiredKeys: [] },
  ),
);
const fair = fc.record(
  {
    input: fc.array(fc.record({ role: fc.constantFrom("user", "system"), content: fc.constant([]) })),
    stream: fc.boolean(),
    id: fc.oneof(text$, fc.constant(null)),
    session_id: fc.oneof(text$, fc.constant(null)),
    user_id: text$,
    extra: anything,
  },
  { requiredKeys: ["input"] },
);
const body = fc.oneof(
  anything,
  fair,
  fc.record(
    {
      input: fc.oneof(fc.array(message, { maxLength: 3 }), anything),
      stream: fc.oneof(fc.boolean(), anything),
      id: fc.oneof(text$, anything),
      session_id: fc.oneof(text$, anything),
      user_id: fc.oneof(text$, anything),
      model: anything,
      max_tokens: anything,
      tools: anything,
      stop: anything,
      on_disconnect: anything,
      continues: anything,
    },
    { requiredKeys: [] },
  ),
);

test("no body makes the server fail, and every run that it starts ends", async () => {
  const server = await serverOf(quietApp().query(text(), () => "ok"));
  let started = 0;
  await fc.assert(
    fc.asyncProperty(body, async (value) => {
      const headers = { "content-type": "application/json" };
      const answer = await server.inject({
        method: "POST",
        url: "/process",
        payload: JSON.stringify(value),
        headers,
      });
      expect(answer.statusCode).toBeLessThan(500);
      if (answer.statusCode !== 200) {
        expect(Object.keys(answer.json())).toEqual(["error"]);
      } else if (answer.headers["content-type"]?.includes("event-stream")) {
        started++;
        expectWholeLog(await eventsIn(answer.body));
      } else {
        started++;
        expect(isTerminal(answer.json().status)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
  expect(started).toBeGreaterThan(0);
});

test("no query and no path makes the server fail", async () => {
  const server = await serverOf(quietApp().query(text(), () => "ok"));
  await server.inject({ method: "POST", url: "/process", payload: ask("Hi", { id: "run-1" }) });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("/runs", "/runs/run-1", "/runs/run-1/events"),
      fc.dictionary(fc.constantFrom("after", "limit", "cursor", "status", "session_id", "user_id"), text$),
      text$,
      async (path, query, id) => {
        const search = new URLSearchParams(query).toString();
        const { statusCode } = await server.inject(`${path}?${search}`);
        expect(statusCode).toBeLessThan(500);
        const foreign = await server.inject(`/runs/${encodeURIComponent(id.toWellFormed())}/events`);
        expect(foreign.statusCode).toBeLessThan(500);
      },
    ),
    { numRuns: 200 },
  );
});

type Step =
  | { readonly do: "start"; readonly session: number; readonly stream: boolean }
  | { readonly do: "cancel" | "read" | "open"; readonly run: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("start" as const), session: fc.nat(1), stream: fc.boolean() }),
  fc.record({ do: fc.constantFrom("cancel" as const, "read" as const, "open" as const), run: fc.nat(5) }),
);

test("however starts, cancels and reads come in between each other, every log is whole and tells the run's status", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("enqueue" as const, "reject" as const, "interrupt" as const),
      fc.array(step, { minLength: 2, maxLength: 14 }),
      async (sessionPolicy, steps) => {
        const gates = new Map<string, () => void>();
        let running = 0;
        let over = false;
        const app = quietApp({ runs: { sessionPolicy, cancelGrace: 1, settleTimeout: 5 } }).query(
          text(),
          async function* ({ request: { id, session_id }, signal }) {
            running += session_id === "s0" ? 1 : 0;
            expect(running).toBeLessThanOrEqual(1);
            yield `${id} `;
            await new Promise<void>((resolve) => {
              gates.set(id, resolve);
              signal.addEventListener("abort", () => resolve());
              if (over || signal.aborted) resolve();
            });
            yield "done";
            running -= session_id === "s0" ? 1 : 0;
          },
        );
        const server = await app.createServer();
        const answers: Promise<{ statusCode: number; body: string }>[] = [];
        const known: string[] = [];
        const idOf = (run: number) => known[run % Math.max(1, known.length)] ?? "none";
        for (const [index, action] of steps.entries()) {
          if (action.do === "start") {
            const id = `run-${index}`;
            known.push(id);
            const payload = ask("Go", { id, session_id: `s${action.session}`, stream: action.stream });
            answers.push(server.inject({ method: "POST", url: "/process", payload }));
          } else if (action.do === "cancel") {
            await server.inject({ method: "POST", url: `/runs/${idOf(action.run)}/cancel` });
          } else if (action.do === "read") {
            answers.push(server.inject(`/runs/${idOf(action.run)}/events`));
          } else {
            gates.get(idOf(action.run))?.();
          }
        }
        over = true;
        for (const open of gates.values()) open();
        for (const { statusCode } of await Promise.all(answers)) expect(statusCode).toBeLessThan(500);
        const { data } = (await server.inject("/runs")).json() as { data: { id: string }[] };
        for (const { id } of data) {
          await server.inject({ method: "POST", url: `/runs/${id}/cancel?wait=true` });
          const events: AgentEvent[] = await eventsIn((await server.inject(`/runs/${id}/events`)).body);
          expectWholeLog(events);
          const view = (await server.inject(`/runs/${id}`)).json();
          expect(view.status).toBe(terminalOf(events).status);
          expect(view.response).toEqual(terminalOf(events));
          expect(view.last_sequence_number).toBe(events.length - 1);
        }
        await server.close();
      },
    ),
    { numRuns: 150 },
  );
}, 30_000);
