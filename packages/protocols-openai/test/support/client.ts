import OpenAI from "openai";

/** OpenAI's own client of a server that is there already. */
export function openaiClient(url: string, prefix = "/v1"): OpenAI {
  return new OpenAI({ apiKey: "none", maxRetries: 0, baseURL: `${url}${prefix}` });
}
