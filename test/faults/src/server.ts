// A server to be killed, paused and cut off: arguments are the backend, where it is, the port, the lease, and its role where
// some only accept runs (`web`) and others execute them (`worker`).
import { setTimeout as sleep } from "node:timers/promises";
import { AgentApp, RuntimeError, text } from "@agentscope-runtime/core";
import { BullMQRunDispatcher } from "@agentscope-runtime/queues-bullmq";
import { type BackendName, servicesOf } from "./backend.ts";

const [, , backend = "", location = "", port = "0", leaseTtl = "400", role] = process.argv;
const { runStore, state, history } = servicesOf(backend as BackendName, location, Number(leaseTtl));

const app = new AgentApp({
  name: "Friday",
  log: { level: "silent" },
  runStore,
  dispatcher: role === undefined ? undefined : new BullMQRunDispatcher({ connection: { url: location } }),
  drainGrace: 200,
  streams: { retry: 100 },
})
  .init(async () => {
    await Promise.all([state.start(), history.start()]);
    return { state, history };
  })
  .services((services) => services)
  .shutdown(({ state, history }) => Promise.all([state.stop(), history.stop()]))
  .query(text(), async function* ({ msgs, session, signal, request }) {
    const [slot] = msgs[0]?.content ?? [];
    const [how = "", count = "0"] = (slot?.type === "text" ? (slot.text ?? "") : "").split(" ");
    // In spite of its signal, as a handler may well go on that hangs in something else.
    if (how === "stubborn") {
      yield "begun";
      while (!signal.aborted) await sleep(20);
      await state.saveState(session, { from: "the paused one" }).then(
        () => console.log("state saved"),
        (error) => console.log(`state ${RuntimeError.is(error) ? error.code : error}`),
      );
      return;
    }
    for (let word = 0; word < Number(count); word++) {
      yield `${request.id} says word ${word}; `;
      if (word % 3 === 0) await sleep(how === "slow" ? 20 : 1);
    }
  });

const { url } = await (role === "worker"
  ? app.work({ port: Number(port) })
  : app.run({ port: Number(port) }));
console.log(url);
