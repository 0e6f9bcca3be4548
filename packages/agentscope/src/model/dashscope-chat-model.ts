import { DashScopeChatFormatter } from "../formatter/dashscope-chat-formatter.ts";
import type { Formatter } from "../formatter/formatter.ts";
import type { Msg } from "../message/msg.ts";
import type { ChatModel, ChatOptions, ToolChoice } from "./chat-model.ts";
import type { ChatResponse } from "./chat-response.ts";
import { OpenAIChatModel, type OpenAIChatModelOptions } from "./openai-chat-model.ts";

/** Where DashScope runs the model. An API key belongs to one region. */
export type DashScopeRegion = "cn" | "intl" | "us" | "hk";

export interface DashScopeChatModelOptions
  extends Omit<OpenAIChatModelOptions, "organization" | "reasoningEffort"> {
  /** Beijing (`cn`, the default), Singapore, Virginia or Hong Kong. */
  readonly region?: DashScopeRegion | undefined;
  /** Used in place of the region's address. */
  readonly baseURL?: string | undefined;
  /** Whether the model thinks before it answers; left out, the model's own default decides. */
  readonly enableThinking?: boolean | undefined;
  /** The most tokens to spend on thinking. */
  readonly thinkingBudget?: number | undefined;
  /** Whether one answer may hold several tool calls; DashScope's default is one. */
  readonly parallelToolCalls?: boolean | undefined;
}

/** A model of Alibaba Cloud Model Studio (Qwen and others), through its OpenAI-compatible endpoint. */
export class DashScopeChatModel implements ChatModel {
  readonly modelName: string;
  readonly formatter: Formatter;
  readonly #enableThinking: boolean | undefined;
  readonly #model: OpenAIChatModel;

  constructor(modelName: string, options: DashScopeChatModelOptions = {}) {
    const { region = "cn", enableThinking, thinkingBudget, parallelToolCalls, params, ...rest } = options;
    this.modelName = modelName;
    this.formatter = options.formatter ?? new DashScopeChatFormatter();
    this.#enableThinking = enableThinking;
    this.#model = new OpenAIChatModel(modelName, {
      ...rest,
      baseURL: options.baseURL ?? BASE_URLS[region],
      formatter: this.formatter,
      params: {
        ...(enableThinking === undefined ? {} : { enable_thinking: enableThinking }),
        ...(thinkingBudget === undefined ? {} : { thinking_budget: thinkingBudget }),
        ...(parallelToolCalls === undefined ? {} : { parallel_tool_calls: parallelToolCalls }),
        ...params,
      },
    });
  }

  /**
   * A forced tool choice is sent only with thinking turned off, by `enableThinking: false` or by the parameter
   * `reasoning_effort: "none"`; else DashScope refuses it, and `auto` is sent.
   */
  stream(messages: readonly Msg[], options: ChatOptions = {}): AsyncGenerator<ChatResponse, void> {
    const params = accepted(options.params ?? {});
    const thinks = (params.enable_thinking ?? this.#enableThinking) !== false;
    const forced = options.toolChoice === "required" || typeof options.toolChoice === "object";
    const toolChoice: ToolChoice | undefined = forced && thinks ? "auto" : options.toolChoice;
    return this.#model.stream(messages, { ...options, toolChoice, params });
  }
}

// What OpenAI's models know of and these don't; thinking can be asked for here in no other grades than none and some.
function accepted({
  reasoning_effort,
  verbosity,
  ...params
}: NonNullable<ChatOptions["params"]>): NonNullable<ChatOptions["params"]> {
  return reasoning_effort === "none" ? { enable_thinking: false, ...params } : params;
}

const BASE_URLS: Readonly<Record<DashScopeRegion, string>> = {
  cn: "https://dashscope.aliyuncs.com/compatible-mode/v1",
  intl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
  us: "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
  hk: "https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1",
};
