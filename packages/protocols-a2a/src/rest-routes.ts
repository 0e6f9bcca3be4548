import {
  ListTasksRequest,
  type ListTasksResponse,
  SendMessageRequest,
  Task,
  TaskPushNotificationConfig,
} from "@a2a-js/sdk";
import { RuntimeError } from "@agentscope-runtime/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { A2ATask } from "./a2a-task.ts";
import { fromJson } from "./from-json.ts";
import type { HttpCall } from "./http-call.ts";
import { answerRest, type RestInput, RestStream } from "./rest-answer.ts";
import type { Json, RestDialect } from "./rest-dialect.ts";
import type { TenantRequestHandler } from "./tenant-request-handler.ts";

export interface RestRoutesOptions {
  readonly handler: TenantRequestHandler;
  readonly toCall: (request: FastifyRequest, reply: FastifyReply) => HttpCall;
  readonly dialect: RestDialect;
}

/** A2A as routes of HTTP and JSON below `base`; for other agents than the first, below their names there. */
export function addRestRoutes(fastify: FastifyInstance, base: string, options: RestRoutesOptions): void {
  const { handler, toCall, dialect } = options;
  const { fromMessage, fromConfig, toTask, toConfig, toCard } = dialect;
  const add = (
    method: "GET" | "POST" | "DELETE",
    path: string,
    answer: (input: RestInput, reply: FastifyReply) => Promise<unknown>,
  ) => {
    const answerer = (request: FastifyRequest, reply: FastifyReply) =>
      answerRest({ request, reply, call: toCall(request, reply), dialect, answer });
    const own = `${base}${dialect.path}${path}`;
    const urls = dialect.version === "1.0" ? [own, `${base}/:tenant${path}`] : [own];
    for (const url of urls) fastify.route({ method, url, exposeHeadRoute: false, handler: answerer });
  };
  const toMessage = ({ body, tenant }: RestInput) =>
    fromJson(SendMessageRequest, { ...fromMessage(body), tenant });
  const shown = (task: unknown) => toTask(Task.toJSON(task as Task) as A2ATask);
  const shownConfig = (config: TaskPushNotificationConfig) =>
    toConfig(TaskPushNotificationConfig.toJSON(config) as Json);
  const subscribe = ({ id, tenant, context }: RestInput) =>
    new RestStream(handler.subscribeBatches({ id, tenant }, context));

  add("GET", dialect.cardPath, async ({ tenant, context }) =>
    toCard(await handler.getAuthenticatedExtendedAgentCard({ tenant }, context)),
  );
  add("POST", "/message::send", async (input, reply) => {
    const task = await handler.sendMessage(toMessage(input), input.context);
    reply.code(dialect.sent);
    return { task: shown(task) };
  });
  add(
    "POST",
    "/message::stream",
    async (input) => new RestStream(handler.sendBatches(toMessage(input), input.context)),
  );
  add("GET", "/tasks/:task", async (input) => {
    const { id, action, query, tenant, context } = input;
    if (action === "subscribe") return subscribe(input);
    if (action !== undefined) throw new RuntimeError("RESOURCE_NOT_FOUND", `${action} is a POST.`);
    const length = query.historyLength ?? query.history_length;
    const historyLength = length === undefined ? {} : { historyLength: Number(length) };
    return shown(await handler.getTask({ id, tenant, ...historyLength }, context));
  });
  add("POST", "/tasks/:task", async (input) => {
    const { id, action, tenant, context } = input;
    if (action === "subscribe") return subscribe(input);
    if (action === "cancel") return shown(await handler.cancelTask({ id, tenant, metadata: {} }, context));
    throw new RuntimeError("RESOURCE_NOT_FOUND", "A task can be posted to with :cancel and :subscribe.");
  });
  if (dialect.version === "1.0") {
    add("GET", "/tasks", async ({ query, tenant, context }) => {
      const includeArtifacts = query.includeArtifacts === "true";
      const params = fromJson(ListTasksRequest, { ...query, includeArtifacts, tenant });
      return toListJson(await handler.listTasks(params, context), includeArtifacts);
    });
  }

  const configs = "/tasks/:task/pushNotificationConfigs";
  add("POST", configs, async ({ taskId, body, tenant, context }, reply) => {
    const params = fromJson(TaskPushNotificationConfig, { ...fromConfig(body), taskId, tenant });
    const config = await handler.createTaskPushNotificationConfig(params, context);
    reply.code(201);
    return shownConfig(config);
  });
  add("GET", configs, async ({ taskId, tenant, context }) => {
    const params = { taskId, tenant, pageSize: 0, pageToken: "" };
    const found = await handler.listTaskPushNotificationConfigs(params, context);
    return { configs: found.configs.map(shownConfig), nextPageToken: found.nextPageToken };
  });
  add("GET", `${configs}/:config`, async ({ taskId, configId, tenant, context }) =>
    shownConfig(await handler.getTaskPushNotificationConfig({ taskId, id: configId, tenant }, context)),
  );
  add("DELETE", `${configs}/:config`, async ({ taskId, configId, tenant, context }) =>
    handler.deleteTaskPushNotificationConfig({ taskId, id: configId, tenant }, context),
  );
}

function toListJson({ tasks, ...page }: ListTasksResponse, includeArtifacts: boolean): object {
  const artifacts = includeArtifacts ? { artifacts: [] } : {};
  return { tasks: tasks.map((task) => ({ ...artifacts, ...(Task.toJSON(task) as object) })), ...page };
}
