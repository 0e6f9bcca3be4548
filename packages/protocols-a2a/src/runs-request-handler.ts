import {
  type AgentCard,
  ListTasksResponse,
  type SendMessageRequest,
  StreamResponse,
  Task,
  TaskPushNotificationConfig,
} from "@a2a-js/sdk";
import {
  type A2AError,
  ContentTypeNotSupportedError,
  ExtensionSupportRequiredError,
  RequestMalformedError,
  UnsupportedOperationError,
} from "@a2a-js/sdk/errors";
import type { A2ARequestHandler, ServerCallContext } from "@a2a-js/sdk/server";
import type { HostedAgent, Runs } from "@agentscope-runtime/core";
import { type A2ACall, callOf } from "./a2a-call.ts";
import type { A2ACardOptions } from "./a2a-card-options.ts";
import { runtimeErrorOf, toA2AError } from "./a2a-error.ts";
import type { A2AEvent } from "./a2a-task.ts";
import { A2ATasks } from "./a2a-tasks.ts";
import { takesMode } from "./agent-card.ts";
import { type A2ABatches, KnownBatches } from "./known-batches.ts";
import { listTasks } from "./list-tasks.ts";
import type { PushConfig } from "./push-config.ts";
import type { TaskKey } from "./push-configs.ts";
import type { PushNotifications } from "./push-notifications.ts";
import { findChain } from "./task-runs.ts";

type Params<Method extends keyof A2ARequestHandler> = Parameters<A2ARequestHandler[Method]>[0];

export interface RunsRequestHandlerOptions {
  readonly runs: () => Runs;
  readonly agent: () => HostedAgent;
  /** What the SDK checks calls against. */
  readonly card: () => Promise<AgentCard>;
  /** What the card says, as far as it was said by the app. */
  readonly cardOptions: A2ACardOptions;
  readonly extendedCard: ((call: A2ACall) => Promise<AgentCard>) | undefined;
  readonly push: () => PushNotifications;
  readonly progress: boolean;
}

/** Answers what the transports of A2A ask out of the runs of one agent: nothing is kept here. */
export class RunsRequestHandler implements A2ARequestHandler {
  readonly #options: RunsRequestHandlerOptions;
  readonly #tasks: A2ATasks;

  constructor(options: RunsRequestHandlerOptions) {
    this.#options = options;
    this.#tasks = new A2ATasks(options);
  }

  getAgentCard(): Promise<AgentCard> {
    return this.#options.card();
  }

  async getAuthenticatedExtendedAgentCard(_: unknown, context: ServerCallContext): Promise<AgentCard> {
    const { extendedCard } = this.#options;
    if (extendedCard !== undefined) return known(context, () => extendedCard(callOf(context)));
    throw new UnsupportedOperationError("This agent has no extended card.");
  }

  async sendMessage(params: SendMessageRequest, context: ServerCallContext): Promise<Task> {
    return known(context, async () =>
      Task.fromJSON(await this.#tasks.send(this.#checked(params, context), callOf(context))),
    );
  }

  /** The events of a message's run: what is there at once together, as they go over the wire. */
  sendBatches(params: SendMessageRequest, context: ServerCallContext): A2ABatches {
    const start = async () => this.#tasks.stream(this.#checked(params, context), callOf(context));
    return new KnownBatches(start, (error) => report(context, error));
  }

  async *sendMessageStream(
    params: SendMessageRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    yield* singly(this.sendBatches(params, context), callOf(context));
  }

  /** The task, and its events from now on: what is there at once together, as they go over the wire. */
  subscribeBatches({ id }: Params<"resubscribe">, context: ServerCallContext): A2ABatches {
    const start = async () => this.#tasks.subscribe(assertId(id), callOf(context));
    return new KnownBatches(start, (error) => report(context, error));
  }

  async *resubscribe(
    params: Params<"resubscribe">,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    yield* singly(this.subscribeBatches(params, context), callOf(context));
  }

  async getTask({ id, historyLength }: Params<"getTask">, context: ServerCallContext): Promise<Task> {
    return known(context, async () =>
      Task.fromJSON(await this.#tasks.get(assertId(id), historyLength, callOf(context))),
    );
  }

  async cancelTask({ id }: Params<"cancelTask">, context: ServerCallContext): Promise<Task> {
    return known(context, async () => Task.fromJSON(await this.#tasks.cancel(assertId(id), callOf(context))));
  }

  async listTasks(params: Params<"listTasks">, context: ServerCallContext): Promise<ListTasksResponse> {
    const { runs, agent } = this.#options;
    return known(context, async () =>
      ListTasksResponse.fromJSON(await listTasks(runs(), agent().name, params, callOf(context))),
    );
  }

  async createTaskPushNotificationConfig(
    params: TaskPushNotificationConfig,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    return known(context, async () => {
      const { task, chain } = await this.#find(params.taskId, callOf(context));
      const { id: runId, completedAt, lastSeq } = chain.at(-1) ?? chain[0];
      const push = this.#options.push();
      const from = { runId, seq: completedAt === undefined ? -1 : lastSeq };
      const { version } = callOf(context);
      const config = await push.save({ task, input: params, version, from });
      if (completedAt === undefined) push.tell(chain.at(-1) ?? chain[0]);
      return toWire(config);
    });
  }

  async getTaskPushNotificationConfig(
    { taskId, id }: Params<"getTaskPushNotificationConfig">,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    return known(context, async () => {
      const { task } = await this.#find(taskId, callOf(context));
      return toWire(await this.#options.push().get(task, id));
    });
  }

  async listTaskPushNotificationConfigs(
    { taskId }: Params<"listTaskPushNotificationConfigs">,
    context: ServerCallContext,
  ): ReturnType<A2ARequestHandler["listTaskPushNotificationConfigs"]> {
    return known(context, async () => {
      const { task } = await this.#find(taskId, callOf(context));
      const configs = await this.#options.push().list(task);
      return { configs: configs.map(toWire), nextPageToken: "" };
    });
  }

  async deleteTaskPushNotificationConfig(
    { taskId, id }: Params<"deleteTaskPushNotificationConfig">,
    context: ServerCallContext,
  ): Promise<void> {
    await known(context, async () => {
      const { task } = await this.#find(taskId, callOf(context));
      await this.#options.push().delete(task, id);
    });
  }

  async #find(taskId: string, { caller }: A2ACall) {
    const { runs, agent } = this.#options;
    const chain = await findChain(runs(), agent().name, assertId(taskId), caller);
    return { chain, task: toKey(chain[0].session, taskId) };
  }

  /** Refuses what this agent's card does not offer, before anything is started. */
  #checked(params: SendMessageRequest, context: ServerCallContext): SendMessageRequest {
    const { cardOptions } = this.#options;
    const { extensions, assertBounds } = callOf(context);
    assertBounds?.(params);
    const missing = (cardOptions.extensions ?? [])
      .filter(({ uri, required }) => required && !extensions.includes(uri))
      .map(({ uri }) => uri);
    if (missing.length > 0) {
      const message = `The client must support these extensions: ${missing.join(", ")}.`;
      throw new ExtensionSupportRequiredError(message);
    }
    for (const { uri } of cardOptions.extensions ?? []) {
      if (extensions.includes(uri)) context.addActivatedExtension(uri);
    }
    for (const { mediaType } of params.message?.parts ?? []) {
      if (takesMode(mediaType, cardOptions.inputModes)) continue;
      const message = `This agent takes no ${mediaType}, but ${cardOptions.inputModes?.join(", ")}.`;
      throw new ContentTypeNotSupportedError(message);
    }
    return params;
  }
}

/** Does what throws the errors of A2A only. */
async function known<Value>(context: ServerCallContext, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw report(context, error);
  }
}

function report(context: ServerCallContext, error: unknown): A2AError {
  const shown = toA2AError(error);
  const runtimeError = runtimeErrorOf(shown);
  if (runtimeError !== undefined) callOf(context).failed(runtimeError);
  return shown;
}

async function* singly(
  batches: AsyncIterable<readonly A2AEvent[]>,
  { drained }: A2ACall,
): AsyncGenerator<StreamResponse, void, undefined> {
  for await (const batch of batches) {
    for (const event of batch) {
      yield StreamResponse.fromJSON(event);
      await drained?.();
    }
  }
}

function assertId(id: string): string {
  if (id !== "") return id;
  throw new RequestMalformedError("The id of the task is missing.");
}

function toKey(
  { agent, userId }: { readonly agent: string; readonly userId: string },
  taskId: string,
): TaskKey {
  return { agent, userId, taskId };
}

function toWire({ id, taskId, url, token, authentication }: PushConfig): TaskPushNotificationConfig {
  return TaskPushNotificationConfig.fromJSON({ id, taskId, url, token, authentication });
}
