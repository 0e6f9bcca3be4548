import { createHash } from "node:crypto";
import { AgentCard } from "@a2a-js/sdk";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { toFormerCard } from "./former-card.ts";
import { versionOf } from "./protocol-version.ts";

export interface CardRouteOptions {
  readonly card: (baseUrl: string) => Promise<AgentCard>;
  readonly baseUrlOf: (request: FastifyRequest) => string;
  readonly legacy: boolean;
}

/** The card of an agent below a path, for everybody: clients need it to find out how to say who they are. */
export function addCardRoutes(fastify: FastifyInstance, path: string, options: CardRouteOptions): void {
  const names = options.legacy ? ["agent-card.json", "agent.json"] : ["agent-card.json"];
  for (const name of names) addCardRoute(fastify, `${path}/.well-known/${name}`, options);
}

function addCardRoute(fastify: FastifyInstance, path: string, options: CardRouteOptions): void {
  const { card, baseUrlOf, legacy } = options;
  const texts = new Map<string, Promise<string>>();
  fastify.get(path, { config: { openToAll: true } }, async (request, reply) => {
    const baseUrl = baseUrlOf(request);
    const version = legacy && versionOf(request) === "0.3" ? "0.3" : "1.0";
    const key = `${version} ${baseUrl}`;
    const known = texts.get(key);
    const text = await (known ??
      card(baseUrl).then((made) => (version === "0.3" ? toFormerText(made) : toText(made))));
    if (known === undefined) {
      // A client may make up any number of names for this server.
      if (texts.size >= MAX_TEXTS) texts.clear();
      texts.set(key, Promise.resolve(text));
    }
    const tag = `"${createHash("sha256").update(text).digest("base64url")}"`;
    reply
      .header("etag", tag)
      .header("cache-control", `public, max-age=${MAX_AGE}`)
      .header("vary", "A2A-Version");
    if (isKnown(request, tag)) return reply.code(304).send();
    return reply.type("application/json").send(text);
  });
}

function toText(card: AgentCard): string {
  return JSON.stringify(AgentCard.toJSON(card));
}

/** The card in the words of 0.3, with the interfaces of 1.0 for clients that know these but did not say so. */
async function toFormerText(card: AgentCard): Promise<string> {
  const { supportedInterfaces } = AgentCard.toJSON(card) as { supportedInterfaces: unknown };
  return JSON.stringify({ ...(await toFormerCard(card)), supportedInterfaces });
}

function isKnown({ headers }: FastifyRequest, tag: string): boolean {
  const known = headers["if-none-match"] ?? "";
  return known === "*" || known.split(",").some((other) => other.trim().replace(/^W\//, "") === tag);
}

/** How long a card may be kept, in seconds. */
const MAX_AGE = 3600;
const MAX_TEXTS = 50;
