import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeSse, encodeSseEvent, SseDecoder } from "@agentscope-runtime/agent-api";
import { describe, expect, test } from "vitest";

describe("the decoder", () => {
  test("returns an event with the piece that completes it", () => {
    const decoder = new SseDecoder();
    expect(decoder.push("id: 1\ndata: a\n")).toEqual([]);
    expect(decoder.push("\ndata: b\n\nda")).toEqual([{ id: "1", data: "a" }, { data: "b" }]);
    expect(decoder.push("ta: c\n\n")).toEqual([{ data: "c" }]);
  });

  test("does not wait for the line feed that may follow a carriage return", () => {
    const decoder = new SseDecoder();
    expect(decoder.push("data: a\r\n\r")).toEqual([{ data: "a" }]);
    expect(decoder.push("\ndata: b\r\r")).toEqual([{ data: "b" }]);
  });

  test("passes over a byte order mark at the start, even when it is cut, and nowhere else", () => {
    const decoder = new SseDecoder();
    const bytes = new TextEncoder().encode("\uFEFFdata: \uFEFFa\n\n\uFEFFdata: b\n\n");
    expect(decoder.push(bytes.subarray(0, 1))).toEqual([]);
    expect(decoder.push(bytes.subarray(1))).toEqual([{ data: "\uFEFFa" }]);
    expect(new SseDecoder().push(new TextEncoder().encode("\uFEFF\uFEFFdata: a\n\n"))).toEqual([]);
  });

  test("tells empty data from no data", () => {
    expect(new SseDecoder().push("data\n\ndata:\n\ndata: \n\nevent: e\n\n:\n\ndata:\ndata:\n\n")).toEqual([
      { data: "" },
      { data: "" },
      { data: "" },
      { data: "\n" },
    ]);
  });

  test("strips one space after the colon and no other", () => {
    expect(new SseDecoder().push("data:a\n\ndata: a\n\ndata:  a \n\n").map(({ data }) => data)).toEqual([
      "a",
      "a",
      " a ",
    ]);
  });

  test("remembers the last id over events without one, until it is emptied", () => {
    const decoder = new SseDecoder();
    const after = (text: string) => {
      decoder.push(text);
      return decoder.lastEventId;
    };
    expect(decoder.lastEventId).toBe("");
    expect(after("id: 7\ndata: a\n")).toBe("");
    expect(after("\n")).toBe("7");
    expect(after("data: b\n\n")).toBe("7");
    expect(after("id: 8\0\ndata: c\n\n")).toBe("7");
    expect(after("id: 9\n\n")).toBe("9");
    expect(after("id\ndata: d\n\n")).toBe("");
  });

  test("remembers the last retry that is a number", () => {
    const decoder = new SseDecoder();
    expect(decoder.retry).toBeUndefined();
    decoder.push("retry: 3000\n\nretry: soon\nretry: -1\nretry: 1.5\n\n");
    expect(decoder.retry).toBe(3000);
  });

  test("hands out comments, when asked", () => {
    const comments: string[] = [];
    const decoder = new SseDecoder({ onComment: (comment) => comments.push(comment) });
    decoder.push(": one\n:two\n:\nda");
    decoder.push("ta: a\n: th");
    decoder.push("ree\n\n");
    expect(comments).toEqual(["one", "two", "", "three"]);
  });

  test("replaces bytes that are no UTF-8, as browsers do", () => {
    const bytes = Uint8Array.of(...new TextEncoder().encode("data: "), 0xff, 0xc3, 0x0a, 0x0a);
    expect(new SseDecoder().push(bytes)).toEqual([{ data: "\uFFFD\uFFFD" }]);
  });
});

describe("maxEventLength", () => {
  test("bounds what is held of an event that never ends", () => {
    const decoder = new SseDecoder({ maxEventLength: 1000 });
    const endless = () => {
      for (let i = 0; i < 1000; i++) decoder.push(i % 2 === 0 ? "data: " : `${"x".repeat(100)}\n`);
    };
    expect(endless).toThrow(/longer than 1000 characters/);
  });

  test("bounds a line that never ends, whatever its field", () => {
    for (const field of ["data", "event", "id", "retry", ""]) {
      const decoder = new SseDecoder({ maxEventLength: 1000, onComment: () => {} });
      decoder.push(`${field}: `);
      const endless = () => {
        for (let i = 0; i < 100; i++) decoder.push("x".repeat(100));
      };
      expect(endless, field).toThrow(RangeError);
    }
  });

  test("once exceeded is exceeded for good, and lastEventId stays with the events returned", () => {
    const decoder = new SseDecoder({ maxEventLength: 3 });
    expect(decoder.push("id: 1\ndata: abc\n\n")).toHaveLength(1);
    expect(() => decoder.push("id: 2\ndata: a\n\nid: 3\ndata: abcd\n\n")).toThrow(/longer than 3 characters/);
    expect(() => decoder.push("id: 4\ndata: a\n\n")).toThrow(/longer than 3 characters/);
    expect(decoder.lastEventId).toBe("1");
  });

  test("does not count events together", () => {
    const decoder = new SseDecoder({ maxEventLength: 1 });
    expect(decoder.push("data: a\n\n".repeat(10_000))).toHaveLength(10_000);
  });
});

describe("decodeSse", () => {
  async function collect(
    stream: AsyncIterable<Uint8Array | string>,
    maxEventLength?: number,
  ): Promise<string[]> {
    const read: string[] = [];
    for await (const { data } of decodeSse(stream, { maxEventLength })) read.push(data);
    return read;
  }

  test("reads the body of a fetch to its end and drops an unfinished last event", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const bytes = Buffer.from(
        `${encodeSseEvent({ data: "你好" })}${encodeSseEvent({ data: "b" })}data: cut\n`,
      );
      response.write(bytes.subarray(0, 8));
      response.end(bytes.subarray(8));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { body } = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      expect(body && (await collect(body))).toEqual(["你好", "b"]);
    } finally {
      server.close();
    }
  });

  test("lets go of its source when its reader stops", async () => {
    let released = false;
    async function* endless() {
      try {
        while (true) yield encodeSseEvent({ data: "a" });
      } finally {
        released = true;
      }
    }
    for await (const { data } of decodeSse(endless())) {
      expect(data).toBe("a");
      break;
    }
    expect(released).toBe(true);
  });

  test("throws what its source throws, after the events before it", async () => {
    async function* broken() {
      yield encodeSseEvent({ data: "a" });
      throw new Error("connection lost");
    }
    const events = decodeSse(broken());
    expect((await events.next()).value).toEqual({ data: "a" });
    await expect(events.next()).rejects.toThrow("connection lost");
  });

  test("takes the options of the decoder", async () => {
    const stream = ReadableStream.from(["data: ab\n\n"]);
    await expect(collect(stream, 1)).rejects.toThrow(RangeError);
  });
});
