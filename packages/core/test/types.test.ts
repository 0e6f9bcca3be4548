import { expect, test } from "vitest";
import { typeErrors } from "./support/type-errors.ts";

test("what the docs show has the types they promise", { timeout: 60_000 }, async () => {
  const program = `
import { AgentApp, type FrameworkAdapter, text } from "@agentscope-runtime/core";
import { z } from "zod";
declare const pairs: FrameworkAdapter<number[], readonly [msg: string, last: boolean]>;
declare function source(): AsyncIterable<readonly [msg: string, last: boolean]>;
const app: AgentApp<{ db: string }> = new AgentApp({ name: "Friday" })
  .init(async () => ({ db: "x" }))
  .shutdown(({ db }) => db.length)
  .query(text(), async function* ({ msgs, request, session, resources, signal }) {
    const ids: string[] = [request.id, request.session_id, request.user_id, session.agent];
    const fence: number = session.fence;
    yield resources.db + ids + fence + msgs.length + signal.aborted;
  });
new AgentApp({ name: "a", description: undefined, runs: { cancelGrace: undefined } }).query(text(), () => "one");
new AgentApp({ name: "a" }).query(text(), async () => ["one", "two"]);
new AgentApp({ name: "a" }).query(pairs, async function* ({ msgs }) {
  yield [String(msgs[0]), true] as const;
  yield* source();
});
new AgentApp({ name: "a" }).endpoint(
  "/x",
  { body: z.object({ n: z.number().default(1) }), query: z.object({ q: z.string() }) },
  ({ body, query }) => body.n + query.q.length,
);
new AgentApp({ name: "a" })
  .init(() => ({ db: "x" }))
  .task("/t", { body: z.object({ n: z.string().transform(Number) }) }, async ({ id, body, resources, attempt, caller }) => {
    const n: number = body.n + attempt;
    const user: string | undefined = caller.userId;
    return { [id]: n, db: resources.db, user };
  });
await using running = await app.run({ port: 0 });
const url: string = running.url;
`;
  expect(await typeErrors(program)).toEqual([]);
});

test("what is wrong is an error where it is wrong", { timeout: 60_000 }, async () => {
  const program = `
import { AgentApp, type FrameworkAdapter, text } from "@agentscope-runtime/core";
declare const pairs: FrameworkAdapter<number[], readonly [msg: string, last: boolean]>;
const app = () => new AgentApp({ name: "Friday" });
app().query(text(), /*wrong*/async function* () {
  yield "fine";
  yield 7;
});
app().query(pairs, /*wrong*/async function* () {
  yield "text";
});
app().query(text(), () => /*wrong*/7);
app().init(() => ({ db: "x" })).query(text(), ({ resources }) => resources./*wrong*/dbb);
app().query(/*wrong*/"text", () => "x");
app().query(text(), ({ msgs }) => String(/*wrong*/msgs[0].content));
app().init(() => ({ db: "x" })).shutdown(({ db }) => db./*wrong*/nothing);
app().endpoint("/x", {}, ({ body }) => /*wrong*/body.n);
app().task("/x", {}, ({ body }) => /*wrong*/body.n);
app().task("/x", { /*wrong*/attempts: "3" }, () => 1);
new AgentApp(/*wrong*/{});
app().query(pairs, async function* () {
  yield ["fine", true] as const;
});
app().query(pairs, /*wrong*/async function* () {
  yield ["wrong", 1] as const;
});
`;
  const lines = program.split("\n");
  const found = (await typeErrors(program)).map((error) => {
    const [line = 0, column = 0] = error.split(/[: ]/).map(Number);
    return lines[line - 1]?.slice(column - 1);
  });
  expect(found).toEqual(
    lines.filter((line) => line.includes("/*wrong*/")).map((line) => line.split("/*wrong*/")[1]),
  );
});
