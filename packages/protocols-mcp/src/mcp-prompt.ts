import { z } from "zod";
import type { McpCallContext } from "./mcp-tool.ts";
import { parseArguments } from "./served-tool.ts";
import type { McpContent } from "./tool-content.ts";

/** A prompt that clients offer their users. Its arguments are texts, validated against `input` before `get` sees them. */
export interface McpPrompt<Input extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly input?: Input | undefined;
  /** A string is short for one message of the user. */
  get(
    input: z.output<Input>,
    context: McpCallContext,
  ): string | readonly McpPromptMessage[] | Promise<string | readonly McpPromptMessage[]>;
}

export interface McpPromptMessage {
  readonly role: "user" | "assistant";
  readonly content: McpContent;
}

/** Returns `definition` as it is; written around a prompt, it infers the type of `get`'s input. */
export function mcpPrompt<Input extends z.ZodObject>(definition: McpPrompt<Input>): McpPrompt<Input> {
  return definition;
}

/** A prompt as clients are told of it. */
export interface ListedPrompt {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly arguments: readonly {
    readonly name: string;
    readonly description?: string | undefined;
    readonly required: boolean;
  }[];
}

export function toListedPrompt({ name, title, description, input }: McpPrompt): ListedPrompt {
  const fields = Object.entries(input?.shape ?? {});
  return {
    name,
    title,
    description,
    arguments: fields.map(([field, schema]) => ({
      name: field,
      description: (schema as z.ZodType).description,
      required: !(schema as z.ZodType).safeParse(undefined).success,
    })),
  };
}

/** The messages of a prompt with those arguments. */
export async function getPrompt(
  prompt: McpPrompt,
  input: unknown,
  context: McpCallContext,
): Promise<readonly McpPromptMessage[]> {
  const messages = await prompt.get(await parseArguments(prompt.input ?? z.object({}), input), context);
  return typeof messages === "string"
    ? [{ role: "user", content: { type: "text", text: messages } }]
    : messages;
}
