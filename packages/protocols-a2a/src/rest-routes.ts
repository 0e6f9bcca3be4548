import {
  A2A_CONTENT_TYPE,
  AgentCard,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  type ListTasksResponse,
  SendMessageRequest,
  Task,
  TaskPushNotificationConfig,
} from "@a2a-js/sdk";
import { A2AError, restStatusFor, toRestErrorBody } from "@a2a-js/sdk/errors";
import type { ServerCallContext } from "@a2a-js/sdk/server";
import { errorReply, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { toCallContext } from "./a2a-call.ts";
import { runtimeErrorOf, toA2AError } from "./a2a-error.ts";
import type { A2AEvent } from "./a2a-task.ts";
import { fromJson } from "./from-json.ts";
import { type HttpCall, startItems } from "./http-call.ts";
import { assertVersion } from "./protocol-version.ts";
import { type TaskAction, toTaskAction } from "./task-action.ts";
import type { TenantRequestHandler } from "./tenant-request-handler.ts";

export interface RestRoutesOptions {
  readonly handler: TenantRequestHandler;
  readonly legacy: boolean;
  readonly toCall: (request: FastifyRequest, reply: FastifyReply) => HttpCall;
}

interface RestInput extends TaskAction {
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly tenant: string;
  /** The task that a path goes on below. */
  readonly taskId: string;
  readonly configId: string;
  readonly context: ServerCallContext;
}

type Answer = (input: RestInput, reply: FastifyReply) => Promise<unknown>;

/** A2A 1.0 as routes of HTTP and JSON below `base`; for other agents than the first, below their names there. */
export function addRestRoutes(fastify: FastifyInstance, base: string, options: RestRoutesOptions): void {
  const { handler } = options;
  const add = (method: "GET" | "POST" | "DELETE", path: string, answer: Answer) => {
    for (const url of [`${base}${path}`, `${base}/:tenant${path}`]) {
      const answerer = (request: FastifyRequest, reply: FastifyReply) =>
        respond(request, reply, options, answer);
      fastify.route({ method, url, exposeHeadRoute: false, handler: answerer });
    }
  };
  const subscribe = ({ id, tenant, context }: RestInput) =>
    new Batches(handler.subscribeBatches({ id, tenant }, context));

  add("GET", "/extendedAgentCard", async ({ tenant, context }) =>
    AgentCard.toJSON(await handler.getAuthenticatedExtendedAgentCard({ tenant }, context)),
  );
  add("POST", "/message::send", async ({ body, tenant, context }) => {
    const params = fromJson(SendMessageRequest, { ...body, tenant });
    return { task: Task.toJSON((await handler.sendMessage(params, context)) as Task) };
  });
  add(
    "POST",
    "/message::stream",
    async ({ body, tenant, context }) =>
      new Batches(handler.sendBatches(fromJson(SendMessageRequest, { ...body, tenant }), context)),
  );
  add("GET", "/tasks", async ({ query, tenant, context }) => {
    const includeArtifacts = query.includeArtifacts === "true";
    const params = fromJson(ListTasksRequest, { ...query, includeArtifacts, tenant });
    return toListJson(await handler.listTasks(params, context), includeArtifacts);
  });
  add("GET", "/tasks/:task", async (input) => {
    const { id, action, query, tenant, context } = input;
    if (action === "subscribe") return subscribe(input);
    if (action !== undefined) throw new RuntimeError("RESOURCE_NOT_FOUND", `${action} is a POST.`);
    const historyLength =
      query.historyLength === undefined ? {} : { historyLength: Number(query.historyLength) };
    return Task.toJSON(await handler.getTask({ id, tenant, ...historyLength }, context));
  });
  add("POST", "/tasks/:task", async (input) => {
    const { id, action, tenant, context } = input;
    if (action === "subscribe") return subscribe(input);
    if (action === "cancel")
      return Task.toJSON(await handler.cancelTask({ id, tenant, metadata: {} }, context));
    throw new RuntimeError("RESOURCE_NOT_FOUND", "A task can be posted to with :cancel and :subscribe.");
  });

  const configs = "/tasks/:task/pushNotificationConfigs";
  add("POST", configs, async ({ taskId, body, tenant, context }, reply) => {
    const params = fromJson(TaskPushNotificationConfig, { ...body, taskId, tenant });
    const config = await handler.createTaskPushNotificationConfig(params, context);
    reply.code(201);
    return TaskPushNotificationConfig.toJSON(config);
  });
  add("GET", configs, async ({ taskId, tenant, context }) => {
    const params = { taskId, tenant, pageSize: 0, pageToken: "" };
    const found = await handler.listTaskPushNotificationConfigs(params, context);
    return ListTaskPushNotificationConfigsResponse.toJSON(found);
  });
  add("GET", `${configs}/:config`, async ({ taskId, configId, tenant, context }) => {
    const config = await handler.getTaskPushNotificationConfig({ taskId, id: configId, tenant }, context);
    return TaskPushNotificationConfig.toJSON(config);
  });
  add("DELETE", `${configs}/:config`, async ({ taskId, configId, tenant, context }, reply) => {
    await handler.deleteTaskPushNotificationConfig({ taskId, id: configId, tenant }, context);
    reply.code(204);
    return undefined;
  });
}

/** Answers with an error in the shape that A2A gives it in HTTP. */
export function sendRestError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.type(A2A_CONTENT_TYPE);
  const runtimeError = runtimeErrorOf(error);
  if (error instanceof A2AError && runtimeError === undefined) {
    const status = restStatusFor(error);
    return reply.code(status).send(toRestErrorBody(error, status));
  }
  return sendRuntimeError(runtimeError ?? error, request, reply);
}

const sendRuntimeError = errorReply((error, reply) => {
  const shown = toA2AError(error);
  const status = runtimeErrorOf(shown) === undefined ? restStatusFor(shown) : reply.statusCode;
  reply.code(status);
  return toRestErrorBody(shown, status);
});

/** The events of a task, those that are there at once together. */
class Batches {
  readonly items: AsyncGenerator<readonly A2AEvent[], void>;

  constructor(items: AsyncGenerator<readonly A2AEvent[], void>) {
    this.items = items;
  }
}

async function respond(
  request: FastifyRequest,
  reply: FastifyReply,
  { legacy, toCall }: RestRoutesOptions,
  answer: Answer,
): Promise<unknown> {
  const call = toCall(request, reply);
  assertVersion(call.version, false, request.headers["a2a-version"] !== undefined || legacy);
  const context = toCallContext(call);
  const { tenant = "", task = "", config = "" } = request.params as Readonly<Record<string, string>>;
  const query = request.query as Readonly<Record<string, unknown>>;
  const input: RestInput = {
    query,
    body: isRecord(request.body) ? request.body : {},
    tenant: tenant || String(query.tenant ?? ""),
    taskId: task,
    configId: config,
    context,
    ...toTaskAction(request.url),
  };
  const found = await call.wait(async () => ({ value: await answer(input, reply) }));
  if (found === undefined) return reply;
  const { activatedExtensions } = context;
  if (activatedExtensions !== undefined) reply.header("a2a-extensions", activatedExtensions.join(", "));
  if (!(found.value instanceof Batches)) {
    return reply
      .type(A2A_CONTENT_TYPE)
      .send(found.value === undefined ? undefined : JSON.stringify(found.value));
  }
  const items = await startItems(found.value.items, call);
  if (items === undefined) return reply;
  await call.stream(() => toFrames(items));
  return reply;
}

async function* toFrames(items: AsyncIterable<readonly A2AEvent[]>): AsyncGenerator<string> {
  try {
    for await (const batch of items)
      yield batch.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  } catch (error) {
    const shown = toA2AError(error);
    yield `event: error\ndata: ${JSON.stringify(toRestErrorBody(shown, restStatusFor(shown)))}\n\n`;
    throw error;
  }
}

function toListJson({ tasks, ...page }: ListTasksResponse, includeArtifacts: boolean): object {
  const artifacts = includeArtifacts ? { artifacts: [] } : {};
  return { tasks: tasks.map((task) => ({ ...artifacts, ...(Task.toJSON(task) as object) })), ...page };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
