import OpenAI, { APIError } from "openai";
import type { Formatter, ProviderMessage } from "../formatter/formatter.ts";
import { OpenAIChatFormatter } from "../formatter/openai-chat-formatter.ts";
import type { Msg } from "../message/msg.ts";
import { CallDeadline, timerMilliseconds } from "./call-deadline.ts";
import type { ChatModel, ChatOptions, ToolChoice } from "./chat-model.ts";
import type { ChatResponse } from "./chat-response.ts";
import type { CompletionChunk } from "./completion-chunk.ts";
import type { CompletionsClient } from "./completions-client.ts";
import { fetchWithRequestId } from "./fetch-with-request-id.ts";
import { ModelError } from "./model-error.ts";
import { ResponseBuilder } from "./response-builder.ts";
import { toModelError } from "./to-model-error.ts";

export interface OpenAIChatModelOptions {
  /** Nothing is read from the environment. A server that wants no key still needs some string here. */
  readonly apiKey?: string | undefined;
  /** Defaults to `https://api.openai.com/v1`; any server with the same chat completions wire will do. */
  readonly baseURL?: string | undefined;
  readonly organization?: string | undefined;
  /** Milliseconds for a whole call, retries included. Defaults to 300 000; `Infinity` is no limit. */
  readonly timeout?: number | undefined;
  /** Milliseconds without a chunk after which a call fails. Defaults to 60 000. */
  readonly stallTimeout?: number | undefined;
  /** Further attempts when no answer has begun: on network errors, 408, 409, 429 and 5xx. Defaults to 2. */
  readonly maxRetries?: number | undefined;
  readonly reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | undefined;
  /** Sent with every request as they are, e.g. `{ temperature: 0 }`. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly formatter?: Formatter | undefined;
  /** A client to use in place of one made from these options, such as `new OpenAI(…)` or `new AzureOpenAI(…)`. */
  readonly client?: CompletionsClient | undefined;
}

/** A model behind the OpenAI chat completions API: OpenAI itself, vLLM, Ollama and others. */
export class OpenAIChatModel implements ChatModel {
  readonly modelName: string;
  readonly formatter: Formatter;
  readonly #options: OpenAIChatModelOptions;
  #client: CompletionsClient | undefined;

  constructor(modelName: string, options: OpenAIChatModelOptions = {}) {
    this.modelName = modelName;
    this.formatter = options.formatter ?? new OpenAIChatFormatter();
    this.#options = options;
    this.#client = options.client;
  }

  async *stream(messages: readonly Msg[], options: ChatOptions = {}): AsyncGenerator<ChatResponse, void> {
    options.signal?.throwIfAborted();
    const client = this.#connect();
    const body = this.#body(await (options.formatter ?? this.formatter).format(messages), options);
    const deadline = new CallDeadline({
      modelName: this.modelName,
      signal: options.signal,
      timeout: this.#options.timeout ?? DEFAULT_TIMEOUT,
      stallTimeout: this.#options.stallTimeout ?? 60_000,
    });
    const builder = new ResponseBuilder();
    try {
      const chunks = await client.chat.completions.create(body, { signal: deadline.signal });
      deadline.waiting();
      for await (const chunk of chunks) {
        const response = builder.push(checked(chunk, this.modelName));
        if (response === undefined) {
          deadline.waiting();
          continue;
        }
        deadline.consuming();
        yield response;
        deadline.waiting();
      }
      // The SDK ends the loop quietly on an abort; a truncated answer must not pass as a complete one.
      deadline.throwIfEnded();
      const last = builder.finish();
      if (last === undefined) {
        throw new ModelError(
          "MODEL_EXECUTION_FAILED",
          `The answer of the model ${this.modelName} broke off before it was complete.`,
        );
      }
      yield last;
    } catch (error) {
      deadline.throwIfEnded();
      throw toModelError(error, this.modelName, this.#options.apiKey);
    } finally {
      deadline.release();
    }
  }

  #connect(): CompletionsClient {
    if (this.#client !== undefined) return this.#client;
    const { apiKey, baseURL = "https://api.openai.com/v1", organization, maxRetries = 2 } = this.#options;
    if (apiKey === undefined || apiKey === "") {
      throw new ModelError(
        "MODEL_UNAUTHORIZED_ACCESS",
        `The model ${this.modelName} has no API key: set its option apiKey.`,
      );
    }
    this.#client = new OpenAI({
      apiKey,
      baseURL,
      maxRetries,
      // What is left out here, the SDK would read from the environment.
      adminAPIKey: null,
      organization: organization ?? null,
      project: null,
      webhookSecret: null,
      logLevel: "off",
      // The deadline is ours; the SDK's own timer must only not end the call earlier.
      timeout: timerMilliseconds(this.#options.timeout ?? DEFAULT_TIMEOUT),
      fetch: fetchWithRequestId,
    });
    return this.#client;
  }

  #body(
    messages: readonly ProviderMessage[],
    { tools, toolChoice, severalCalls, params }: ChatOptions,
  ): Record<string, unknown> {
    const { reasoningEffort } = this.#options;
    const body: Record<string, unknown> = { model: this.modelName, messages };
    if (reasoningEffort !== undefined) body.reasoning_effort = reasoningEffort;
    if (tools !== undefined && tools.length > 0) {
      body.tools = tools;
      if (toolChoice !== undefined) body.tool_choice = toProviderChoice(toolChoice, tools);
    }
    // Always streamed: several models answer in no other way, and nothing else can be cut short.
    return {
      ...body,
      ...this.#options.params,
      ...(this.#options.baseURL === undefined ? renamed(params) : params),
      ...(severalCalls === undefined || body.tools === undefined
        ? {}
        : { parallel_tool_calls: severalCalls }),
      stream: true,
      stream_options: { include_usage: true },
    };
  }
}

const DEFAULT_TIMEOUT = 300_000;

// OpenAI's newer models refuse the name that all other servers know.
function renamed({ max_tokens, ...params }: NonNullable<ChatOptions["params"]> = {}): object {
  return max_tokens === undefined ? params : { ...params, max_completion_tokens: max_tokens };
}

function toProviderChoice(choice: ToolChoice, tools: NonNullable<ChatOptions["tools"]>): unknown {
  if (typeof choice === "string") return choice;
  if (tools.some((tool) => tool.function.name === choice.name)) {
    return { type: "function", function: { name: choice.name } };
  }
  throw new TypeError(`The tool choice names ${JSON.stringify(choice.name)}, which is not among the tools.`);
}

// DashScope reports some failures inside the stream without the `error` member that the SDK looks for.
function checked(chunk: unknown, modelName: string): CompletionChunk {
  if (typeof chunk !== "object" || chunk === null) {
    throw new ModelError("MODEL_EXECUTION_FAILED", `The model ${modelName} sent a chunk that is no object.`);
  }
  if (!("choices" in chunk) && "code" in chunk && "message" in chunk) {
    throw new APIError(undefined, chunk, undefined, undefined);
  }
  return chunk as CompletionChunk;
}
