import { AgentCard, generateAgentCardSignature } from "@a2a-js/sdk";
import type { A2ACardOptions, A2ACardSignature } from "./a2a-card-options.ts";

export interface AgentCardFacts {
  readonly name: string;
  readonly description: string | undefined;
  readonly options: A2ACardOptions;
  readonly interfaces: readonly A2AInterface[];
  readonly extendedCard: boolean;
  readonly signature: A2ACardSignature | undefined;
}

/** Where and how an agent can be talked to. */
export interface A2AInterface {
  readonly url: string;
  readonly protocolBinding: "JSONRPC" | "HTTP+JSON" | "GRPC";
  readonly protocolVersion: "1.0" | "0.3";
  readonly tenant?: string;
}

/** The card of an agent, signed if there is a key. */
export async function toAgentCard(facts: AgentCardFacts): Promise<AgentCard> {
  const { name, options, interfaces, extendedCard, signature } = facts;
  const description = options.description ?? facts.description ?? name;
  const card = AgentCard.fromJSON({
    name,
    description,
    version: options.version ?? "1.0.0",
    supportedInterfaces: interfaces,
    capabilities: {
      streaming: true,
      pushNotifications: true,
      extendedAgentCard: extendedCard,
      extensions: options.extensions ?? [],
    },
    defaultInputModes: options.inputModes ?? DEFAULT_MODES,
    defaultOutputModes: options.outputModes ?? DEFAULT_MODES,
    skills: options.skills ?? [{ id: "dialog", name, description, tags: ["dialog"] }],
    provider: options.provider,
    documentationUrl: options.documentationUrl,
    iconUrl: options.iconUrl,
    securitySchemes: options.securitySchemes ?? {},
    securityRequirements: (options.security ?? []).map((schemes) => ({
      schemes: Object.fromEntries(
        Object.entries(schemes).map(([scheme, scopes]) => [scheme, { list: scopes }]),
      ),
    })),
  });
  return signature === undefined ? card : sign(card, signature);
}

/** True if a part of that media type is among those that an agent takes; without a type there is nothing to refuse. */
export function takesMode(mediaType: string, modes: readonly string[] | undefined): boolean {
  if (modes === undefined || mediaType === "") return true;
  const [essence = ""] = mediaType.toLowerCase().split(";");
  const type = essence.trim();
  return modes.some((mode) => {
    const wanted = mode.toLowerCase();
    return (
      wanted === "*/*" || wanted === type || (wanted.endsWith("/*") && type.startsWith(wanted.slice(0, -1)))
    );
  });
}

function sign(card: AgentCard, { key, algorithm, keyId, jwksUrl }: A2ACardSignature): Promise<AgentCard> {
  const header = {
    alg: algorithm,
    kid: keyId,
    typ: "JOSE",
    ...(jwksUrl === undefined ? {} : { jku: jwksUrl }),
  };
  return generateAgentCardSignature(key, header)(card);
}

const DEFAULT_MODES = [
  "text/plain",
  "application/json",
  "image/*",
  "audio/*",
  "video/*",
  "application/octet-stream",
];
