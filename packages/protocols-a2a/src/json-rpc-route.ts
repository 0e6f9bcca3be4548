import { SendMessageRequest, SubscribeToTaskRequest } from "@a2a-js/sdk";
import { isV1JsonRpcMethod } from "@a2a-js/sdk/compat/v0_3";
import { LegacyJsonRpcTransportHandler } from "@a2a-js/sdk/compat/v0_3/server";
import {
  A2A_ERROR_CODE,
  RequestMalformedError,
  toJsonRpcError,
  VersionNotSupportedError,
} from "@a2a-js/sdk/errors";
import { JsonRpcTransportHandler, type ServerCallContext } from "@a2a-js/sdk/server";
import { errorReply, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { toCallContext } from "./a2a-call.ts";
import { toA2AError } from "./a2a-error.ts";
import { fromJson } from "./from-json.ts";
import { type HttpCall, setFailure, startItems } from "./http-call.ts";
import { assertVersion, saysVersion } from "./protocol-version.ts";
import type { TenantRequestHandler } from "./tenant-request-handler.ts";

export interface JsonRpcRouteOptions {
  readonly handler: TenantRequestHandler;
  readonly legacy: boolean;
  readonly toCall: (request: FastifyRequest, reply: FastifyReply, asked: unknown) => HttpCall;
}

type Answer = object | AsyncIterable<object>;

/** All of A2A as one route of JSON-RPC, in the words of 1.0 and, where that is wanted, of 0.3. */
export function jsonRpcRoute({ handler, legacy, toCall }: JsonRpcRouteOptions) {
  const current = new JsonRpcTransportHandler(handler);
  const former = new LegacyJsonRpcTransportHandler(handler);

  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const envelope = Envelope.safeParse(request.body);
    if (!envelope.success) {
      return {
        jsonrpc: "2.0",
        id: null,
        error: { code: A2A_ERROR_CODE.INVALID_REQUEST, message: INVALID_REQUEST },
      };
    }
    const rpc = envelope.data;
    // Clients number their requests: one that is sent again has another id.
    const call = toCall(request, reply, { method: rpc.method, params: rpc.params });
    const isFormer = legacy && call.version === "0.3";
    const toError = isFormer ? LegacyJsonRpcTransportHandler.mapToLegacyJSONRPCError : toJsonRpcError;
    const fail = (error: unknown) => ({ jsonrpc: "2.0", id: rpc.id, error: toError(toA2AError(error)) });
    try {
      assertMethodSpoken(request, rpc, call, legacy);
      const context = toCallContext(call);
      const answer = isFormer
        ? await call.wait(() => former.handle(rpc, context))
        : await ask(rpc, context, call);
      if (answer === undefined) return reply;
      if (!isIterable(answer)) {
        setExtensions(reply, context, isFormer);
        setFailure(reply, call);
        return isStumble(answer, call) ? fail(new RequestMalformedError(MALFORMED)) : answer;
      }
      const items = await startItems((isFormer ? withEnds(answer) : answer)[Symbol.asyncIterator](), call);
      if (items === undefined) return reply;
      setExtensions(reply, context, isFormer);
      await call.stream(() => toFrames(items, rpc.id, fail));
      return reply;
    } catch (error) {
      setFailure(reply, call);
      return fail(error);
    }
  };

  async function ask(rpc: Envelope, context: ServerCallContext, call: HttpCall): Promise<Answer | undefined> {
    const { method, params } = rpc;
    if (method === "SendStreamingMessage") {
      return handler.sendBatches(fromJson(SendMessageRequest, toParams(params)), context);
    }
    if (method === "SubscribeToTask") {
      return handler.subscribeBatches(fromJson(SubscribeToTaskRequest, toParams(params)), context);
    }
    return call.wait(() => current.handle(rpc, context));
  }
}

/** Answers what never got as far as to be understood. */
export const sendJsonRpcError: ReturnType<typeof errorReply> = errorReply((error, reply) => {
  const isUnreadable = error.code === "INVALID_PARAMETER";
  if (isUnreadable || error.code === "UNSUPPORTED_MEDIA_TYPE") reply.code(200);
  const unreadable = { code: A2A_ERROR_CODE.PARSE_ERROR, message: error.message };
  return { jsonrpc: "2.0", id: null, error: isUnreadable ? unreadable : toJsonRpcError(toA2AError(error)) };
});

function assertMethodSpoken(
  request: FastifyRequest,
  { method }: Envelope,
  { version }: HttpCall,
  legacy: boolean,
) {
  const said = saysVersion(request);
  if (!said && isV1JsonRpcMethod(method)) {
    throw new VersionNotSupportedError(`${method} is of A2A 1.0: send it with the header A2A-Version: 1.0.`);
  }
  assertVersion(version, legacy, said);
}

async function* toFrames(
  items: AsyncIterable<object>,
  id: Envelope["id"],
  fail: (error: unknown) => object,
): AsyncGenerator<string> {
  try {
    for await (const item of items) {
      // What the SDK gives is a whole answer each; what comes in batches is the result of one.
      if (!Array.isArray(item)) {
        yield `data: ${JSON.stringify(item)}\n\n`;
        continue;
      }
      let frames = "";
      for (const result of item) frames += `data: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`;
      yield frames;
    }
  } catch (error) {
    yield `event: error\ndata: ${JSON.stringify(fail(error))}\n\n`;
    throw RuntimeError.from(error);
  }
}

/** In 0.3 a stream says that it ends, also where its task waits; the SDK says so only of tasks that have ended. */
async function* withEnds(events: AsyncIterable<object>): AsyncGenerator<object> {
  for await (const event of events) {
    const { result } = event as { result?: { kind?: string; status?: { state?: string } } };
    const waits =
      result?.kind === "status-update" && /^(input|auth)-required$/.test(result.status?.state ?? "");
    yield waits ? { ...event, result: { ...result, final: true } } : event;
  }
}

function setExtensions(
  reply: FastifyReply,
  { activatedExtensions }: ServerCallContext,
  isFormer: boolean,
): void {
  if (activatedExtensions === undefined) return;
  reply.header(isFormer ? "x-a2a-extensions" : "a2a-extensions", activatedExtensions.join(", "));
}

function toParams(params: unknown): object {
  if (typeof params === "object" && params !== null && !Array.isArray(params)) return params;
  throw new RequestMalformedError("params must be an object.");
}

function isIterable(answer: Answer): answer is AsyncIterable<object> {
  return Symbol.asyncIterator in answer;
}

interface Envelope extends Record<string, unknown> {
  readonly jsonrpc: "2.0";
  readonly id: string | number | null;
  readonly method: string;
  readonly params?: unknown;
}
const Envelope: z.ZodType<Envelope> = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.int(), z.null()]).default(null),
  method: z.string().min(1),
  params: z.unknown().optional(),
});

/** True where the SDK has stumbled over the request itself: what goes wrong later is known to be that. */
function isStumble(answer: object, { failure }: HttpCall): boolean {
  const { error } = answer as { readonly error?: { readonly code?: number } };
  return error?.code === A2A_ERROR_CODE.INTERNAL_ERROR && failure === undefined;
}

const MALFORMED = "params do not fit the method.";
const INVALID_REQUEST =
  'The body must be one request of JSON-RPC 2.0: { "jsonrpc": "2.0", "id", "method", "params" }.';
