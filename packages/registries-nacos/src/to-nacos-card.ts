import { RuntimeError } from "@agentscope-runtime/core";
import { z } from "zod";
import { toFormerScheme } from "./security-scheme.ts";

/** A card as Nacos keeps it. */
export interface NacosCard extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly version: string;
  readonly supportedInterfaces: readonly NacosInterface[];
}

/** Where and how an agent can be talked to, for readers of 1.0 and of 0.3. */
export interface NacosInterface {
  readonly url: string;
  readonly protocolBinding: string;
  readonly protocolVersion: string;
  readonly tenant?: string | undefined;
  readonly transport: string;
}

/**
 * A card of A2A 1.0 as every Nacos since 3.1 takes it: in the words of 0.3, with the interfaces of 1.0 beside them, which
 * Nacos keeps since 3.2.1. Throws `CONFIGURATION_ERROR` for one that Nacos refuses.
 */
export function toNacosCard(card: Readonly<Record<string, unknown>>): NacosCard {
  const parsed = A2ACard.safeParse(card);
  if (!parsed.success) {
    const message = "The card can't be registered in Nacos: it needs a name, a version and an interface.";
    throw new RuntimeError("CONFIGURATION_ERROR", message, { cause: parsed.error });
  }
  // A signature is of the card as it was.
  const { supportedInterfaces, securitySchemes, securityRequirements, signatures: _, ...facts } = parsed.data;
  if (!NAME.test(facts.name)) {
    const message = "In Nacos the name of an agent has 64 characters at most, all of them printable ASCII.";
    throw new RuntimeError("CONFIGURATION_ERROR", message);
  }
  const interfaces = supportedInterfaces.map((one) => ({ ...one, transport: one.protocolBinding }));
  // Readers of 0.3 know one version for all interfaces.
  const former = interfaces.filter(({ protocolVersion }) => /^0\./.test(protocolVersion));
  const [main, ...others] = former.length > 0 ? former : interfaces;
  const { protocolVersion = "", url = "", transport = "" } = main ?? {};
  const security = securityRequirements?.map(toFormerRequirement);
  return {
    ...facts,
    protocolVersion: /^\d+\.\d+$/.test(protocolVersion) ? `${protocolVersion}.0` : protocolVersion,
    url,
    preferredTransport: transport,
    additionalInterfaces: others,
    supportedInterfaces: interfaces,
    supportsAuthenticatedExtendedCard: facts.capabilities?.extendedAgentCard ?? false,
    ...(securitySchemes === undefined
      ? {}
      : { securitySchemes: mapValues(securitySchemes, (scheme) => toFormerScheme(scheme)) }),
    ...(security === undefined ? {} : { security, securityRequirements: security }),
  };
}

function toFormerRequirement({
  schemes = {},
}: z.infer<typeof Requirement>): Record<string, readonly string[]> {
  return mapValues(schemes, ({ list = [] }) => list);
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  convert: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, convert(value)]));
}

const Requirement = z.object({
  schemes: z.record(z.string(), z.object({ list: z.array(z.string()).optional() })).optional(),
});

const A2ACard = z.looseObject({
  name: z.string(),
  version: z.string().min(1),
  supportedInterfaces: z
    .array(
      z.object({
        url: z.string().min(1),
        protocolBinding: z.string().min(1),
        protocolVersion: z.string().min(1),
        tenant: z.string().optional(),
      }),
    )
    .min(1),
  capabilities: z.looseObject({ extendedAgentCard: z.boolean().optional() }).optional(),
  securitySchemes: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  securityRequirements: z.array(Requirement).optional(),
  signatures: z.unknown().optional(),
});

const NAME = /^[\x20-\x7e]{1,64}$/;
