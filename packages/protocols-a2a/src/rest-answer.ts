import { A2AError, restStatusFor } from "@a2a-js/sdk/errors";
import type { ServerCallContext } from "@a2a-js/sdk/server";
import { errorReply } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { toCallContext } from "./a2a-call.ts";
import { runtimeErrorOf, toA2AError } from "./a2a-error.ts";
import type { A2AEvent } from "./a2a-task.ts";
import { type HttpCall, startItems } from "./http-call.ts";
import type { A2ABatches } from "./known-batches.ts";
import { assertSpoken } from "./protocol-version.ts";
import type { Json, RestDialect } from "./rest-dialect.ts";
import { type TaskAction, toTaskAction } from "./task-action.ts";

/** What a request says, wherever it says it. */
export interface RestInput extends TaskAction {
  readonly query: Json;
  readonly body: Json;
  readonly tenant: string;
  /** The task that a path goes on below. */
  readonly taskId: string;
  readonly configId: string;
  readonly context: ServerCallContext;
}

/** The events of a task, those that are there at once together. */
export class RestStream {
  readonly items: A2ABatches;

  constructor(items: A2ABatches) {
    this.items = items;
  }
}

export interface RestAnswerOptions {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly call: HttpCall;
  readonly dialect: RestDialect;
  readonly answer: (input: RestInput, reply: FastifyReply) => Promise<unknown>;
}

/** Answers with JSON or with a stream, as `answer` gives. */
export async function answerRest({
  request,
  reply,
  call,
  dialect,
  answer,
}: RestAnswerOptions): Promise<unknown> {
  assertSpoken(request, dialect.version);
  const context = toCallContext(call);
  const { tenant = "", task = "", config = "" } = request.params as Readonly<Record<string, string>>;
  const query = request.query as Json;
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
  const setExtensions = () => {
    const { activatedExtensions } = context;
    if (activatedExtensions !== undefined) reply.header("a2a-extensions", activatedExtensions.join(", "));
  };
  if (!(found.value instanceof RestStream)) {
    setExtensions();
    if (found.value === undefined) return reply.code(204).send();
    return reply.type(dialect.contentType).send(JSON.stringify(found.value));
  }
  const items = await startItems(found.value.items, call);
  if (items === undefined) return reply;
  setExtensions();
  await call.stream(() => toFrames(items, dialect));
  return reply;
}

/** Answers with errors as a version of the protocol has them in HTTP. */
export function restErrors(
  dialect: RestDialect,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  const sendRuntimeError = errorReply((error, reply) => {
    const shown = toA2AError(error);
    const status = runtimeErrorOf(shown) === undefined ? restStatusFor(shown) : reply.statusCode;
    reply.code(status);
    return dialect.toError(shown, status);
  });
  return (error, request, reply) => {
    reply.type(dialect.contentType);
    const runtimeError = runtimeErrorOf(error);
    if (!(error instanceof A2AError) || runtimeError !== undefined) {
      return sendRuntimeError(runtimeError ?? error, request, reply);
    }
    const status = restStatusFor(error);
    return reply.code(status).send(dialect.toError(error, status));
  };
}

async function* toFrames(
  items: AsyncIterable<readonly A2AEvent[]>,
  { toEvent, toError }: RestDialect,
): AsyncGenerator<string> {
  try {
    for await (const batch of items) {
      let frames = "";
      for (const event of batch) frames += `data: ${JSON.stringify(toEvent(event))}\n\n`;
      yield frames;
    }
  } catch (error) {
    const shown = toA2AError(error);
    yield `event: error\ndata: ${JSON.stringify(toError(shown, restStatusFor(shown)))}\n\n`;
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
