import { RequestMalformedError } from "@a2a-js/sdk/errors";
import type { A2ARequestHandler, ServerCallContext } from "@a2a-js/sdk/server";
import type { A2ABatches } from "./known-batches.ts";
import type { RunsRequestHandler } from "./runs-request-handler.ts";

type Params<Method extends keyof A2ARequestHandler> = Parameters<A2ARequestHandler[Method]>[0];
type Result<Method extends keyof A2ARequestHandler> = ReturnType<A2ARequestHandler[Method]>;

/** Hands each call to the agent that it names as its tenant; those that name none to the first. */
export class TenantRequestHandler implements A2ARequestHandler {
  readonly #own: RunsRequestHandler;
  readonly #agents: ReadonlyMap<string, RunsRequestHandler>;

  constructor(own: RunsRequestHandler, agents: ReadonlyMap<string, RunsRequestHandler>) {
    this.#own = own;
    this.#agents = agents;
  }

  getAgentCard(): Result<"getAgentCard"> {
    return this.#own.getAgentCard();
  }

  async getAuthenticatedExtendedAgentCard(
    params: Params<"getAuthenticatedExtendedAgentCard">,
    context: ServerCallContext,
  ): Result<"getAuthenticatedExtendedAgentCard"> {
    return this.#of(params).getAuthenticatedExtendedAgentCard(params, context);
  }

  async sendMessage(params: Params<"sendMessage">, context: ServerCallContext): Result<"sendMessage"> {
    return this.#of(params).sendMessage(params, context);
  }

  async *sendMessageStream(
    params: Params<"sendMessageStream">,
    context: ServerCallContext,
  ): Result<"sendMessageStream"> {
    yield* this.#of(params).sendMessageStream(params, context);
  }

  /** Throws at once where there is no such agent. */
  sendBatches(params: Params<"sendMessageStream">, context: ServerCallContext): A2ABatches {
    return this.#of(params).sendBatches(params, context);
  }

  async *resubscribe(params: Params<"resubscribe">, context: ServerCallContext): Result<"resubscribe"> {
    yield* this.#of(params).resubscribe(params, context);
  }

  /** Throws at once where there is no such agent. */
  subscribeBatches(params: Params<"resubscribe">, context: ServerCallContext): A2ABatches {
    return this.#of(params).subscribeBatches(params, context);
  }

  async getTask(params: Params<"getTask">, context: ServerCallContext): Result<"getTask"> {
    return this.#of(params).getTask(params, context);
  }

  async cancelTask(params: Params<"cancelTask">, context: ServerCallContext): Result<"cancelTask"> {
    return this.#of(params).cancelTask(params, context);
  }

  async listTasks(params: Params<"listTasks">, context: ServerCallContext): Result<"listTasks"> {
    return this.#of(params).listTasks(params, context);
  }

  async createTaskPushNotificationConfig(
    params: Params<"createTaskPushNotificationConfig">,
    context: ServerCallContext,
  ): Result<"createTaskPushNotificationConfig"> {
    return this.#of(params).createTaskPushNotificationConfig(params, context);
  }

  async getTaskPushNotificationConfig(
    params: Params<"getTaskPushNotificationConfig">,
    context: ServerCallContext,
  ): Result<"getTaskPushNotificationConfig"> {
    return this.#of(params).getTaskPushNotificationConfig(params, context);
  }

  async listTaskPushNotificationConfigs(
    params: Params<"listTaskPushNotificationConfigs">,
    context: ServerCallContext,
  ): Result<"listTaskPushNotificationConfigs"> {
    return this.#of(params).listTaskPushNotificationConfigs(params, context);
  }

  async deleteTaskPushNotificationConfig(
    params: Params<"deleteTaskPushNotificationConfig">,
    context: ServerCallContext,
  ): Result<"deleteTaskPushNotificationConfig"> {
    return this.#of(params).deleteTaskPushNotificationConfig(params, context);
  }

  #of({ tenant }: { readonly tenant: string }): RunsRequestHandler {
    const agent = tenant === "" ? this.#own : this.#agents.get(tenant);
    if (agent !== undefined) return agent;
    throw new RequestMalformedError(`There is no agent ${tenant} here.`);
  }
}
