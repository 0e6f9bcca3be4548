import type { RegisteredAgent } from "@agentscope-runtime/core";
import { z } from "zod";
import { fromFormerScheme } from "./security-scheme.ts";

/** A card of Nacos as A2A 1.0 has it, whatever version wrote it; `undefined` for one that says not where the agent is. */
export function fromNacosCard(data: unknown): RegisteredAgent | undefined {
  const parsed = NacosCard.safeParse(data);
  if (!parsed.success) return undefined;
  const { name, version, description, capabilities, securitySchemes, security, securityRequirements } =
    parsed.data;
  const supportedInterfaces = interfacesOf(parsed.data);
  if (supportedInterfaces.length === 0) return undefined;
  const extendedAgentCard =
    capabilities?.extendedAgentCard ?? parsed.data.supportsAuthenticatedExtendedCard ?? false;
  const requirements = (security ?? securityRequirements ?? []).map((schemes) => ({
    schemes: Object.fromEntries(Object.entries(schemes).map(([scheme, list]) => [scheme, { list }])),
  }));
  const schemes = Object.entries(securitySchemes ?? {}).map(([scheme, facts]) => [
    scheme,
    fromFormerScheme(facts),
  ]);
  const card = {
    name,
    version,
    description: description ?? "",
    supportedInterfaces,
    capabilities: { ...capabilities, extendedAgentCard },
    ...pick(parsed.data, ["provider", "documentationUrl", "iconUrl"]),
    defaultInputModes: parsed.data.defaultInputModes ?? [],
    defaultOutputModes: parsed.data.defaultOutputModes ?? [],
    skills: parsed.data.skills ?? [],
    securitySchemes: Object.fromEntries(schemes),
    securityRequirements: requirements,
  };
  return { name, card };
}

/** The addresses under which an agent can be talked to. */
export function urlsOf({ card }: RegisteredAgent): ReadonlySet<string> {
  const { supportedInterfaces } = card;
  const all: readonly unknown[] = Array.isArray(supportedInterfaces) ? supportedInterfaces : [];
  const urls = all.map((one) => Interface.safeParse(one).data?.url);
  return new Set(urls.filter((url) => url != null));
}

function interfacesOf(card: z.infer<typeof NacosCard>): readonly object[] {
  const { url, preferredTransport, protocolVersion, additionalInterfaces, supportedInterfaces } = card;
  const former = [{ url, transport: preferredTransport ?? "JSONRPC" }, ...(additionalInterfaces ?? [])];
  const known = supportedInterfaces?.length ? supportedInterfaces : former;
  const found = new Map<string, object>();
  for (const one of known) {
    const binding = one.protocolBinding ?? one.transport;
    // The first two numbers are what counts.
    const version = /^\d+\.\d+/.exec(one.protocolVersion ?? protocolVersion ?? "")?.[0];
    if (one.url == null || one.url === "" || binding == null || version === undefined) continue;
    const tenant = one.tenant == null || one.tenant === "" ? {} : { tenant: one.tenant };
    const made = { url: one.url, protocolBinding: binding, protocolVersion: version, ...tenant };
    found.set(JSON.stringify(made), made);
  }
  return [...found.values()];
}

function pick(card: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.filter((field) => card[field] != null).map((field) => [field, card[field]]),
  );
}

const Interface = z.looseObject({
  url: z.string().nullish(),
  transport: z.string().nullish(),
  protocolBinding: z.string().nullish(),
  protocolVersion: z.string().nullish(),
  tenant: z.string().nullish(),
});

const Requirements = z.array(z.record(z.string(), z.array(z.string()))).nullish();

const NacosCard = z.looseObject({
  name: z.string(),
  version: z.string(),
  description: z.string().nullish(),
  protocolVersion: z.string().nullish(),
  url: z.string().nullish(),
  preferredTransport: z.string().nullish(),
  additionalInterfaces: z.array(Interface).nullish(),
  supportedInterfaces: z.array(Interface).nullish(),
  capabilities: z.looseObject({ extendedAgentCard: z.boolean().nullish() }).nullish(),
  supportsAuthenticatedExtendedCard: z.boolean().nullish(),
  defaultInputModes: z.array(z.string()).nullish(),
  defaultOutputModes: z.array(z.string()).nullish(),
  skills: z.array(z.unknown()).nullish(),
  securitySchemes: z.record(z.string(), z.record(z.string(), z.unknown())).nullish(),
  security: Requirements,
  securityRequirements: Requirements,
});
