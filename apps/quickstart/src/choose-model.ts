import { type ChatModel, DashScopeChatModel, OpenAIChatModel } from "@agentscope-runtime/agentscope";
import { DemoModel } from "./demo-model.ts";

export interface ModelChoice {
  readonly model: ChatModel;
  /** A line for people. */
  readonly reason: string;
}

/** Qwen where there is a key for it, else whatever speaks OpenAI's language, else the demo. */
export function chooseModel(env: NodeJS.ProcessEnv): ModelChoice {
  const { DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL, OPENAI_API_KEY, OPENAI_BASE_URL } = env;
  if (DASHSCOPE_API_KEY) {
    const model = new DashScopeChatModel(env.DASHSCOPE_MODEL || "qwen-turbo", {
      apiKey: DASHSCOPE_API_KEY,
      baseURL: DASHSCOPE_BASE_URL || undefined,
    });
    return { model, reason: `${model.modelName} at DashScope (DASHSCOPE_API_KEY is set)` };
  }
  if (OPENAI_API_KEY) {
    const model = new OpenAIChatModel(env.OPENAI_MODEL || "gpt-4o-mini", {
      apiKey: OPENAI_API_KEY,
      baseURL: OPENAI_BASE_URL || undefined,
    });
    return { model, reason: `${model.modelName} at ${OPENAI_BASE_URL || "OpenAI"} (OPENAI_API_KEY is set)` };
  }
  const reason =
    "the offline demo, which is no language model: set DASHSCOPE_API_KEY or OPENAI_API_KEY for a real one";
  return { model: new DemoModel(), reason };
}
