import { z } from "zod";

const rpcId: z.ZodType<string | number> = z.union([z.string().max(4096), z.int()]);

/** A request that calls a tool. */
export interface ToolCallMessage {
  readonly id: string | number;
  readonly params: {
    readonly name: string;
    readonly arguments?: Readonly<Record<string, unknown>> | undefined;
    readonly _meta?: { readonly progressToken?: string | number | undefined } | undefined;
  };
}
export const ToolCallMessage: z.ZodType<ToolCallMessage> = z.object({
  jsonrpc: z.literal("2.0"),
  id: rpcId,
  method: z.literal("tools/call"),
  params: z.object({
    name: z.string(),
    arguments: z.record(z.string(), z.unknown()).optional(),
    _meta: z.object({ progressToken: rpcId.optional() }).optional(),
  }),
});

/** A request of any kind. */
export interface RequestMessage {
  readonly id: string | number;
  readonly method: string;
}
export const RequestMessage: z.ZodType<RequestMessage> = z.object({
  jsonrpc: z.literal("2.0"),
  id: rpcId,
  method: z.string(),
});

/** A client's word that it does not wait any more for the answer to a request. */
export interface CancelMessage {
  readonly params: { readonly requestId: string | number };
}
export const CancelMessage: z.ZodType<CancelMessage> = z.object({
  jsonrpc: z.literal("2.0"),
  method: z.literal("notifications/cancelled"),
  params: z.object({ requestId: rpcId }),
});

/** A client's answer to a request of the server's. */
export interface AnswerMessage {
  readonly id: string | number;
  readonly result?: unknown;
}
export const AnswerMessage: z.ZodType<AnswerMessage> = z.union([
  z.object({ jsonrpc: z.literal("2.0"), id: rpcId, result: z.unknown(), method: z.undefined().optional() }),
  z.object({ jsonrpc: z.literal("2.0"), id: rpcId, error: z.unknown(), method: z.undefined().optional() }),
]);

/** The first request of a client of a revision that has sessions. */
export interface InitializeMessage {
  readonly params: { readonly capabilities?: unknown };
}
export const InitializeMessage: z.ZodType<InitializeMessage> = z.object({
  jsonrpc: z.literal("2.0"),
  id: rpcId,
  method: z.literal("initialize"),
  params: z.object({ capabilities: z.unknown() }),
});
