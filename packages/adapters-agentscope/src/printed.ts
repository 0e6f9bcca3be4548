import type { Msg } from "@agentscope-runtime/agentscope";

/** What a handler yields: a snapshot of a message, and whether it is the last of that message. */
export type Printed = readonly [msg: Msg, last: boolean];

/** True for a snapshot, whichever copy of the framework its message comes from. */
export function isPrinted(value: unknown): value is Printed {
  return Array.isArray(value) && value.length === 2 && isMsg(value[0]) && typeof value[1] === "boolean";
}

function isMsg(value: unknown): value is Msg {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, role, content } = value as Partial<Msg>;
  return (
    typeof id === "string" &&
    typeof name === "string" &&
    (role === "user" || role === "assistant" || role === "system") &&
    (typeof content === "string" || Array.isArray(content))
  );
}
