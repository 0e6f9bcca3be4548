import type { ResolvedAgentRequest, Status } from "@agentscope-runtime/agent-api";
import type { CancelRequest, NewRun, RequestSettings, RunRecord, RunSummary } from "@agentscope-runtime/core";

/** The request in two texts, of which the second, its input, is not kept as long. */
export function requestTexts({ input, ...rest }: ResolvedAgentRequest): [request: string, input: string] {
  return [JSON.stringify(rest), JSON.stringify(input)];
}

/** The record of a run that was just created. */
export function newRecord(run: NewRun, ahead: number): RunRecord {
  const { session, request, owner, createdAt, created, canceled } = run;
  return {
    id: request.id,
    session,
    status: canceled === undefined ? (ahead === 0 ? "created" : "queued") : "canceled",
    request,
    owner,
    attempt: 0,
    createdAt,
    startedAt: undefined,
    completedAt: canceled && createdAt,
    lastSeq: (canceled?.entry ?? created).seq,
    cancel: canceled?.cancel,
    expired: undefined,
  };
}

/** The run of a record that a script returned. */
export function toRunRecord(reply: unknown): RunRecord {
  const input = (reply as readonly (string | null)[])[13];
  const summary = toRunSummary(reply);
  return { ...summary, request: { ...summary.request, input: parse(input) ?? [] } as ResolvedAgentRequest };
}

/** The run of a record, or of a summary, that a script returned. */
export function toRunSummary(reply: unknown): RunSummary {
  const fields = reply as readonly (string | null)[];
  const [agent, user, session, status, request, owner, attempt, created] = fields;
  const [started, completed, last, cancel, expired] = fields.slice(8);
  const parsed = parse(request) as RequestSettings;
  return {
    id: parsed.id,
    session: {
      agent: parse(agent) ?? "",
      userId: parse(user) ?? "",
      sessionId: parse(session) ?? "",
    },
    status: status as Status,
    request: parsed,
    owner: parse(owner),
    attempt: Number(attempt),
    createdAt: Number(created),
    startedAt: toTime(started),
    completedAt: toTime(completed),
    lastSeq: Number(last),
    cancel: parse<CancelRequest>(cancel),
    expired: isThere(expired) || undefined,
  };
}

function parse<Value>(text: string | null | undefined): Value | undefined {
  return isThere(text) ? (JSON.parse(text) as Value) : undefined;
}

function toTime(text: string | null | undefined): number | undefined {
  return isThere(text) ? Number(text) : undefined;
}

function isThere(text: string | null | undefined): text is string {
  return text !== null && text !== undefined;
}
