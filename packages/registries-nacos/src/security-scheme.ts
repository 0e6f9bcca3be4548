/** How a client may say who it is. */
export type SecurityScheme = Readonly<Record<string, unknown>>;

/** A scheme of A2A 1.0, which is one of several named fields, in the words of 0.3, where it has a `type`. */
export function toFormerScheme(scheme: SecurityScheme): SecurityScheme {
  for (const [field, type] of TYPES) {
    const facts = scheme[field];
    if (typeof facts !== "object" || facts === null) continue;
    if (!("location" in facts)) return { type, ...facts };
    const { location, ...others } = facts;
    return { type, in: location, ...others };
  }
  return scheme;
}

/** The other way round. */
export function fromFormerScheme(scheme: SecurityScheme): SecurityScheme {
  const { type, in: location, ...facts } = scheme;
  const field = TYPES.find(([, name]) => name === type)?.[0];
  if (field === undefined) return scheme;
  return { [field]: location === undefined ? facts : { location, ...facts } };
}

const TYPES = [
  ["apiKeySecurityScheme", "apiKey"],
  ["httpAuthSecurityScheme", "http"],
  ["oauth2SecurityScheme", "oauth2"],
  ["openIdConnectSecurityScheme", "openIdConnect"],
  ["mtlsSecurityScheme", "mutualTLS"],
] as const;
