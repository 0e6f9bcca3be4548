import { UriTemplate } from "@modelcontextprotocol/server";
import type { McpCallContext } from "./mcp-tool.ts";

/** Something to read beside the sessions. */
export interface McpResource {
  /** Its address; with `{variables}` in it, a template for many. */
  readonly uri: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly mimeType?: string | undefined;
  /** A text, or bytes; `undefined` where there is no such thing. */
  read(context: McpResourceContext): ResourceContent | Promise<ResourceContent>;
}

export interface McpResourceContext extends McpCallContext {
  /** The address that is asked for. */
  readonly uri: string;
  /**
   * What stands in it for the variables of the template, without escapes. Each is one segment of a path, in which there is
   * no `/`, `\\` or NUL, and which is not `..`, but for those of `{+variable}`.
   */
  readonly variables: Readonly<Record<string, string>>;
}

type ResourceContent = string | Uint8Array | undefined;

/** A resource as clients are told of it. */
export interface ListedResource {
  readonly uri: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly mimeType?: string | undefined;
}

/** What is read from a resource. */
export type ReadResource = { readonly uri: string; readonly mimeType?: string | undefined } & (
  | { readonly text: string }
  | { readonly blob: string }
);

/** True for an address with variables in it. */
export function isTemplate({ uri }: McpResource): boolean {
  return UriTemplate.isTemplate(uri);
}

/** What is at that address, if it is the resource's and there is something. */
export async function readResource(
  resource: McpResource,
  uri: string,
  context: McpCallContext,
): Promise<ReadResource | undefined> {
  const variables = variablesOf(resource, uri);
  if (variables === undefined) return undefined;
  const content = await resource.read({ ...context, uri, variables });
  const head = { uri, ...(resource.mimeType === undefined ? {} : { mimeType: resource.mimeType }) };
  if (content === undefined) return undefined;
  if (typeof content === "string") return { ...head, text: content };
  return { ...head, blob: Buffer.from(content).toString("base64") };
}

function variablesOf(resource: McpResource, uri: string): Readonly<Record<string, string>> | undefined {
  if (!isTemplate(resource)) return resource.uri === uri ? {} : undefined;
  const found = new UriTemplate(resource.uri).match(uri);
  if (found === null) return undefined;
  const variables: Record<string, string> = {};
  for (const [name, raw] of Object.entries(found)) {
    const value = decoded(String(raw));
    if (value === undefined || (NO_SEGMENT.test(value) && !isReserved(name, resource.uri))) return undefined;
    variables[name] = value;
  }
  return variables;
}

/** The text without its escapes, or `undefined` where they stand for nothing. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** True for a variable that may be several segments of a path, as `{+path}`. */
function isReserved(name: string, template: string): boolean {
  const expressions = [...template.matchAll(/\{\+([^}]*)\}/g)].flatMap(([, names = ""]) => names.split(","));
  return expressions.some((expression) => expression.replace("*", "").trim() === name);
}

// What would lead somewhere else where it is made part of a path.
const NO_SEGMENT = /[/\\\0]|^\.\.?$/;
