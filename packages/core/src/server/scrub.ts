/** A line of log without what looks like a secret, by its name or by its form, wherever it stands. */
export function scrub(line: string): string {
  try {
    return `${JSON.stringify(JSON.parse(line), redact)}\n`;
  } catch {
    return scrubText(line);
  }
}

function redact(name: string, value: unknown): unknown {
  if (isSecret(name, value)) return REDACTED;
  if (typeof value !== "string") return value;
  if (value.length <= MAX_TEXT) return scrubText(value);
  return `${scrubText(value.slice(0, MAX_TEXT))}… and ${value.length - MAX_TEXT} more characters`;
}

function scrubText(text: string): string {
  return scrubNamed(text.replace(HEADER, `$1${REDACTED}`).replace(USER_IN_URL, `$1${REDACTED}@`)).replace(
    LOOKS_SECRET,
    REDACTED,
  );
}

/** Takes out the values of names such as `api_key=`, `"token":` and `password: `. */
function scrubNamed(text: string): string {
  let scrubbed = "";
  let done = 0;
  for (const { 0: whole, 1: name = "", index } of text.matchAll(NAME)) {
    const start = index + whole.length;
    // What looks like a name may be part of a value.
    if (index < done || !isSecretName(name)) continue;
    VALUE.lastIndex = start;
    const value = VALUE.exec(text)?.[0];
    if (value === undefined || !isSecret(name, value)) continue;
    scrubbed += text.slice(done, start) + REDACTED;
    done = start + value.length;
  }
  return scrubbed + text.slice(done);
}

/** Whether that is the name of a secret, and the value more than a word on there being none, or how many. */
function isSecret(name: string, value: unknown): boolean {
  if (value === null || value === "" || typeof value === "boolean") return false;
  return isSecretName(name) && !(/tokens$/i.test(name) && /^\d+$/.test(String(value)));
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll(/[^a-z\d?&]/gi, "")) || SECRET_VARIABLE.test(name);
}

const REDACTED = "[redacted]";

/** Texts are cut here: no log is the place for more. */
const MAX_TEXT = 16_384;

// What is logged may come from anybody, so no pattern goes over a long text more than once: none can begin in the
// middle of what another attempt went over in vain, or what it goes over has a bounded length.
const SECRET_NAME =
  /secret|passw(?:or)?d|passphrase|pwd$|credential|authorization|cookie|jwt$|signature$|tokens?$|^[?&]key$|(?:api|access|private|auth|account|encryption|license|master|shared|signing|ssh)keys?$/i;
const SECRET_VARIABLE = /^[A-Z\d_]+_KEY$/;
const NAME = /((?:[?&]|(?<![\w-]))[\w-]{1,100})\\{0,8}["'`]?\s{0,8}[:=]\s{0,8}/g;
const VALUE =
  /\\+"[^"\\]*|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\[[^[\]]*\]|(?:Basic |Bearer )?[^\s"'`&,;()[\]{}\\]+/sy;
const HEADER =
  /(?<![\w-])((?:(?:proxy-)?authorization|(?:set-)?cookie)\\{0,8}["']?\s{0,8}[:=]\s{0,8}\\{0,8}["']?)[^\r\n"'\\]+/gi;
const USER_IN_URL = /(:\/\/)[^\s/?#"'`<>\\]+@/g;
const LOOKS_SECRET =
  /(?<![\w-])(?:(?:sk|pk|rk)-[\w-]{8,}|(?:gh[a-z]|github_pat|glpat|xox[a-z])[_-][\w-]{16,}|AKIA[A-Z\d]{16}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w.-]*|[Bb]earer\s+[\w.~+/=-]{8,})|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*/g;
