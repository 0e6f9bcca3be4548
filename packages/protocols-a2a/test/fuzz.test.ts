import { text } from "@agentscope-runtime/core";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { a2aApp } from "./support/serve.ts";

const app = a2aApp({}, { grpc: undefined }).query(text(), () => "Hello!");
let server: FastifyInstance;

beforeAll(async () => {
  server = await app.createServer();
});
afterAll(() => server.close());

const id = fc.constantFrom("", "x", "constructor", "__proto__", "\ud800", "a/b:cancel", "1".repeat(2000));
const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), id);
const part = fc.oneof(
  odd,
  fc.dictionary(
    fc.constantFrom("text", "raw", "url", "data", "kind", "file", "metadata", "mediaType", "filename"),
    odd,
  ),
);
const message = fc.oneof(
  odd,
  fc.record(
    {
      messageId: fc.oneof(fc.uuid(), odd),
      role: fc.oneof(fc.constantFrom("ROLE_USER", "user", 1), odd),
      parts: fc.oneof(fc.array(part, { maxLength: 3 }), odd),
      contextId: odd,
      taskId: odd,
      metadata: odd,
      extensions: odd,
      referenceTaskIds: odd,
    },
    { requiredKeys: [] },
  ),
);
const configuration = fc.oneof(
  odd,
  fc.dictionary(
    fc.constantFrom(
      "historyLength",
      "returnImmediately",
      "taskPushNotificationConfig",
      "pushNotificationConfig",
    ),
    odd,
  ),
);
const params = fc.oneof(
  odd,
  fc.record({ message, configuration, metadata: odd, tenant: odd }, { requiredKeys: [] }),
  fc.dictionary(
    fc.constantFrom("id", "taskId", "url", "token", "authentication", "pageToken", "pageSize", "status"),
    odd,
  ),
);
const methods = [
  "SendMessage",
  "SendStreamingMessage",
  "GetTask",
  "ListTasks",
  "CancelTask",
  "SubscribeToTask",
  "CreateTaskPushNotificationConfig",
  "GetTaskPushNotificationConfig",
  "ListTaskPushNotificationConfigs",
  "DeleteTaskPushNotificationConfig",
  "GetExtendedAgentCard",
];
const former = [
  "message/send",
  "message/stream",
  "tasks/get",
  "tasks/cancel",
  "tasks/resubscribe",
  "tasks/pushNotificationConfig/set",
  "tasks/pushNotificationConfig/get",
  "tasks/pushNotificationConfig/list",
  "tasks/pushNotificationConfig/delete",
  "agent/getAuthenticatedExtendedCard",
];

it.each([
  ["1.0", methods],
  ["0.3", former],
])(
  "has an answer to whatever comes as JSON-RPC in %s, and it is never that something broke",
  async (version, names) => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), params, async (method, given) => {
        const answer = await server.inject({
          method: "POST",
          url: "/a2a",
          headers: { "content-type": "application/json", "a2a-version": version },
          payload: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: given }),
        });
        expect(answer.statusCode).toBe(200);
        expect(answer.body).not.toMatch(/-32603|event: error/);
      }),
      { numRuns: 400 },
    );
  },
);

it("has an answer to whatever comes as HTTP and JSON", async () => {
  const path = fc.constantFrom(
    "/message:send",
    "/message:stream",
    "/tasks/x:cancel",
    "/tasks/%E0%A4%A:cancel",
    "/tasks/x/pushNotificationConfigs",
    "/%00/tasks/x:subscribe",
  );
  await fc.assert(
    fc.asyncProperty(path, params, async (url, given) => {
      const answer = await server.inject({
        method: "POST",
        url: `/a2a${url}`,
        headers: { "content-type": "application/json", "a2a-version": "1.0" },
        payload: JSON.stringify(given),
      });
      expect(answer.statusCode).toBeLessThan(500);
      expect(answer.body).not.toMatch(/INTERNAL|event: error/);
    }),
    { numRuns: 400 },
  );
});
