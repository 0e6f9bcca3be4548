import { type StreamResponse, TaskState } from "@a2a-js/sdk";
import { type AgentPart, InMemoryRunStore } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { collect, say } from "./support/messages.ts";
import { outliving } from "./support/outliving.ts";
import { a2aApp, bindings, clientOf, parts, serve } from "./support/serve.ts";

/** An app whose runs go on until they are canceled. */
function restless(options: Parameters<typeof a2aApp>[0] = {}) {
  return a2aApp(options).query(parts(), async function* ({ signal }): AsyncGenerator<AgentPart> {
    yield { kind: "text-delta", messageId: "M1", text: "Hello" };
    await new Promise((_, reject) => signal.addEventListener("abort", reject));
  });
}

it.each(bindings)(
  "ends the streams of %s with the end of their runs when the server closes",
  async (binding) => {
    const running = await restless().run({ port: 0 });
    const client = await clientOf(running.url, { binding });
    const stream = client.sendMessageStream(say("Hi"));
    await stream.next();
    const [events] = await Promise.all([collect(stream), running.close()]);
    expect(events.at(-1)?.payload?.value).toMatchObject({ status: { state: TaskState.TASK_STATE_CANCELED } });
  },
);

it.each(bindings)("lets go of who watches over %s what another replica does", async (binding) => {
  const runStore = outliving(new InMemoryRunStore());
  const there = await clientOf(await serve(restless({ runStore })), { binding });
  const here = await restless({ runStore }).run({ port: 0 });
  const stream = there.sendMessageStream(say("Hi"));
  const { value } = await stream.next();
  const { payload } = value as StreamResponse;
  const id = payload?.$case === "task" ? payload.value.id : "";
  const watched = (await clientOf(here.url, { binding })).resubscribeTask({ tenant: "", id });
  await watched.next();
  const rest = collect(watched).catch(() => []);
  await here.close();
  await rest;
  expect((await there.getTask({ tenant: "", id })).status?.state).toBe(TaskState.TASK_STATE_WORKING);
});
