import { type AgentApp, InMemorySessionHistoryService, text } from "@agentscope-runtime/core";
import type { McpResource } from "@agentscope-runtime/protocols-mcp";
import { ProtocolError } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { connect, mcpApp, revisions, serve } from "./support/serve.ts";

const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => {
  const [, userId] = /^Bearer (.+)$/.exec(String(headers.authorization)) ?? [];
  return userId === undefined ? undefined : { userId };
};
const as = (user: string) => ({ headers: { authorization: `Bearer ${user}` } });

/** An app that remembers sessions. */
function remembering(options = {}, mcpOptions = {}): AgentApp<unknown> {
  const history = new InMemorySessionHistoryService();
  return mcpApp(options, mcpOptions)
    .init(() => history.start())
    .services(() => ({ history }))
    .query(text(), () => "Hello!");
}

function say(message: string, session_id: string) {
  return { name: "Friday", arguments: { message, session_id } };
}

const resources: readonly McpResource[] = [
  { uri: "docs:///about", name: "about", mimeType: "text/plain", read: () => "It is about this." },
  {
    uri: "docs:///{page}",
    name: "page",
    title: "A page",
    read: ({ variables: { page = "" }, caller }) =>
      page === "none" ? undefined : `${caller.userId}: ${page}`,
  },
  { uri: "docs:///raw/bytes", name: "bytes", read: () => new Uint8Array([0, 255]) },
  {
    uri: "docs:///broken/one",
    name: "broken",
    read: () => {
      throw new Error("secret");
    },
  },
];

describe.each(revisions)("a client of %s", (revision) => {
  it("lists and reads the sessions of its user, and no others", async () => {
    const url = await serve(remembering({ authenticate }));
    const [alice, bob] = [await connect(url, revision, as("alice")), await connect(url, revision, as("bob"))];
    const odd = "a/b?c,d é%2F";
    await alice.callTool(say("Hi", "s1"));
    await alice.callTool(say("Hi", odd));
    await bob.callTool(say("Hello", "s1"));
    const { resources } = await alice.listResources();
    expect(resources.map(({ name }) => name).sort()).toEqual([odd, "s1"]);
    for (const { uri, name } of resources) {
      const { contents } = await alice.readResource({ uri });
      expect(contents).toMatchObject([{ uri, mimeType: "application/json" }]);
      const session = JSON.parse((contents[0] as { text: string }).text);
      expect(session).toMatchObject({
        object: "session",
        id: name,
        user_id: "alice",
        message_count: 2,
        earlier: null,
      });
      expect(session.messages).toMatchObject([
        { role: "user", content: [{ text: "Hi" }] },
        { role: "assistant", content: [{ text: "Hello!" }] },
      ]);
      await expect(bob.readResource({ uri })).rejects.toMatchObject({ code: -32602 });
    }
  });

  it("gets at the earlier messages of a long session, and at the other pages of many", async () => {
    const url = await serve(remembering());
    const client = await connect(url, revision);
    const calls = Array.from({ length: 60 }, (_, index) => client.callTool(say("Hi", `s${index}`)));
    await Promise.all(calls);
    for (let index = 0; index < 60; index++) await client.callTool(say(`m${index}`, "long"));
    await client.callTool(say("Hi", "s0"));
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.listResources(cursor === undefined ? {} : { cursor });
      for (const { name } of page.resources) names.push(name);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(new Set(names).size).toBe(61);
    expect(names).toHaveLength(61);
    const texts: string[] = [];
    let uri: string | null = "session://Friday/long/long";
    while (uri !== null) {
      const { contents } = await client.readResource({ uri });
      const page = JSON.parse((contents[0] as { text: string }).text);
      texts.unshift(...page.messages.map(({ content }: { content: [{ text: string }] }) => content[0].text));
      uri = page.earlier;
    }
    const said = texts.filter((text) => text !== "Hello!");
    expect(said).toEqual(Array.from({ length: 60 }, (_, index) => `m${index}`));
  });

  it("goes on with a session of another protocol's, by its address or as its user", async () => {
    const url = await serve(remembering());
    const input = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
    const body = JSON.stringify({ session_id: "s1", user_id: "alice", stream: false, input });
    await fetch(`${url}/process`, { method: "POST", headers: { "content-type": "application/json" }, body });
    const [nobody, alice] = [await connect(url, revision), await connect(url, revision, { user: "alice" })];
    const uri = "session://Friday/alice/s1";
    const byAddress = await nobody.callTool(say("And?", uri));
    expect(byAddress).toMatchObject({ structuredContent: { session_id: "s1" } });
    await alice.callTool(say("So?", "s1"));
    for (const client of [nobody, alice]) {
      const { contents } = await client.readResource({ uri });
      const { message_count } = JSON.parse((contents[0] as { text: string }).text);
      expect(message_count).toBe(6);
      expect((await client.listResources()).resources.map((one) => one.uri)).toEqual([uri]);
    }
    const bob = await connect(url, revision, { user: "bob" });
    await expect(bob.readResource({ uri })).rejects.toMatchObject({ code: -32602 });
    for (const session of [uri, "session://Sunday/bob/s1"]) {
      await expect(bob.callTool(say("Hi", session))).resolves.toMatchObject({ isError: true });
    }
  });

  it("is nobody but who it is known to be", async () => {
    const url = await serve(remembering({ authenticate }));
    await connect(url, revision, { ...as("alice"), user: "alice" });
    await expect(connect(url, revision, { ...as("alice"), user: "bob" })).rejects.toThrow();
    expect((await fetch(`${url}/mcp?user_id=a&user_id=b`, { method: "POST", ...as("a") })).status).toBe(400);
  });

  it("finds no session where none is kept, and none that is not there", async () => {
    const forgetful = mcpApp().query(text(), () => "Hello!");
    const client = await connect(await serve(forgetful), revision);
    await client.callTool(say("Hi", "s1"));
    await expect(client.listResources()).resolves.toMatchObject({ resources: [] });
    for (const uri of [
      "session://Friday/s1/s1",
      "session://nobody/s1/s1",
      "session://Friday/%/%",
      "session://Friday",
      "nothing",
      "file:///etc/passwd",
    ]) {
      const error = await client.readResource({ uri }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ code: -32602 });
    }
  });

  it("refuses cursors that were made up", async () => {
    const client = await connect(await serve(remembering()), revision);
    await client.callTool(say("Hi", "s1"));
    for (const cursor of [
      "x",
      Buffer.from("[0,-1]").toString("base64url"),
      Buffer.from('[0,"x"]').toString("base64url"),
    ]) {
      await expect(client.listResources({ cursor })).rejects.toMatchObject({ code: -32602 });
    }
    await expect(client.readResource({ uri: "session://Friday/s1/s1?cursor=x" })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("cursor"),
    });
  });

  it("gets nowhere else by what it puts for a template's variable", async () => {
    const asked: string[] = [];
    const read = ({ variables: { path = "" } }) => {
      asked.push(path);
      return path;
    };
    const templates = ["docs:///{path}", "docs:///{path}/end", "tree:///{+path}"];
    const resources = templates.map((uri) => ({ uri, name: uri, read }));
    const client = await connect(await serve(remembering({}, { resources })), revision);
    const outside = ["..%2F..%2Fetc", "..", "../end", "a%5Cb", "a%00", "%2E%2e/end", "%ff"];
    for (const path of outside) {
      await expect(client.readResource({ uri: `docs:///${path}` })).rejects.toMatchObject({ code: -32602 });
    }
    expect(asked).toEqual([]);
    for (const uri of ["docs:///a%20..b", "tree:///a/b%2Fc"]) await client.readResource({ uri });
    expect(asked).toEqual(["a ..b", "a/b/c"]);
  });

  it("reads what the app offers beside", async () => {
    const url = await serve(remembering({ authenticate }, { resources }));
    const client = await connect(url, revision, as("alice"));
    const { resources: listed } = await client.listResources();
    expect(listed.map(({ uri }) => uri)).toEqual([
      "docs:///about",
      "docs:///raw/bytes",
      "docs:///broken/one",
    ]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toMatchObject([
      { name: "session" },
      { name: "page", title: "A page", uriTemplate: "docs:///{page}" },
    ]);
    const read = async (uri: string) => (await client.readResource({ uri })).contents;
    await expect(read("docs:///about")).resolves.toEqual([
      { uri: "docs:///about", mimeType: "text/plain", text: "It is about this." },
    ]);
    await expect(read("docs:///a%20b")).resolves.toEqual([{ uri: "docs:///a%20b", text: "alice: a b" }]);
    await expect(read("docs:///raw/bytes")).resolves.toEqual([{ uri: "docs:///raw/bytes", blob: "AP8=" }]);
    await expect(read("docs:///none")).rejects.toMatchObject({ code: -32602 });
    const error = await read("docs:///broken/one").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: -32603 });
    expect(String(error)).not.toContain("secret");
  });
});
