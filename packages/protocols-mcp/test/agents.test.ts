import { text } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { connect, mcpApp, revisions, serve } from "./support/serve.ts";

describe.each(revisions)("a client of %s", (revision) => {
  it("calls", async () => {
    const app = mcpApp({ description: "A helpful assistant" }).query(text(), async function* ({ request }) {
      yield "Hello ";
      await new Promise((r) => setTimeout(r, 50));
      yield `from ${request.session_id}`;
    });
    const client = await connect(await serve(app), revision);
    const { tools } = await client.listTools();
    console.log(JSON.stringify(tools));
    const progress: unknown[] = [];
    const result = await client.callTool(
      { name: "Friday", arguments: { message: "Hi", session_id: "s1" } },
      { onprogress: (p) => progress.push(p) },
    );
    console.log(JSON.stringify(progress), JSON.stringify(result));
    console.log(await client.listResources(), await client.listResourceTemplates());
    expect(client.getNegotiatedProtocolVersion?.()).toBe(revision);
  });
});
