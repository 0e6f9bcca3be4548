const NAMED =
  /("[^"]*(?:authorization|cookie|api[-_]?key|apikey|secret|password|access[-_]?token|credential)[^"]*":\s*)"(?:[^"\\]|\\.)*"/gi;
const LOOKS_SECRET = /\b(?:sk|pk|rk)-[\w-]{8,}|\bBearer\s+[\w.~+/=-]{8,}/gi;
const IN_URL = /([?&](?:[\w-]*(?:key|token|secret|password))=)[^&"\s\\]+/gi;

/** A line of log without what looks like a secret, by its name or by its form, wherever it stands. */
export function scrub(line: string): string {
  return line
    .replace(NAMED, '$1"[redacted]"')
    .replace(LOOKS_SECRET, "[redacted]")
    .replace(IN_URL, "$1[redacted]");
}
