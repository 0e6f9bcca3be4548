import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import {
  type CancelRequest,
  type CreateResult,
  decodeCursor,
  encodeCursor,
  type ListRunsOptions,
  type LogSegment,
  type LogStretch,
  type NewRun,
  type Page,
  pageLimit,
  type RecoveredRun,
  type RecoverOptions,
  type RunBackend,
  type RunLease,
  type RunRecord,
  type RunRetention,
  type RunSession,
  type RunSummary,
  type RunTopic,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { AppendBatch } from "./append-batch.ts";
import type { RedisScript } from "./redis-script.ts";
import { RedisService, type RedisServiceOptions } from "./redis-service.ts";
import {
  boundArgument,
  idText,
  leaseArguments,
  listArgument,
  segmentArguments,
  sessionArguments,
} from "./run-arguments.ts";
import { RunNotices } from "./run-notices.ts";
import { newRecord, requestTexts, toRunRecord, toRunSummary } from "./run-record.ts";
import { type RunSubject, runRefusal } from "./run-refusal.ts";
import { RunSweep } from "./run-sweep.ts";
import { CREATE_RUN } from "./scripts/run-create-script.ts";
import { APPEND_SEGMENTS, FINISH_RUN, READ_LOG } from "./scripts/run-log-scripts.ts";
import {
  ACQUIRE_RUN,
  DISOWN_RUN,
  RECOVER_RUNS,
  RENEW_OWNER,
  UNCLAIMED_RUNS,
} from "./scripts/run-owner-scripts.ts";
import { DELETE_RUNS, GET_RUN, LIST_RUNS } from "./scripts/run-record-scripts.ts";
import { CANCEL_OF, RELEASE_RUN, REQUEST_CANCEL, TAKE_TURN } from "./scripts/run-turn-scripts.ts";
import { toLogStretch } from "./to-log-stretch.ts";

export interface RedisRunBackendOptions extends RedisServiceOptions {
  readonly leaseTtl: number;
  readonly retention: RunRetention;
}

/** Keeps runs in Redis: each step is one script, and all times are those of Redis' clock. */
export class RedisRunBackend extends RedisService implements RunBackend {
  readonly #base: string;
  readonly #leaseTtl: number;
  readonly #idempotencyTtl: string;
  readonly #appends: AppendBatch;
  readonly #notices = new RunNotices();
  readonly #sweep: RunSweep;

  constructor(options: RedisRunBackendOptions) {
    super("RedisRunStore", "runs", options);
    const { retention, leaseTtl } = options;
    this.#base = this.key("");
    this.#leaseTtl = leaseTtl;
    this.#idempotencyTtl = boundArgument(retention.idempotencyTtl);
    this.#appends = new AppendBatch((args) => this.#run(APPEND_SEGMENTS, args));
    this.#sweep = new RunSweep({
      retention,
      leaseTtl,
      run: (script, args) => this.#run(script, args),
      read: (id, after) => this.#read(id, after).then(({ stretch }) => stretch),
    });
  }

  override async start(): Promise<void> {
    this.#notices.start(this.newListener());
    await super.start();
  }

  override async stop(): Promise<void> {
    this.#notices.close();
    await super.stop();
  }

  async create(run: NewRun, entries: LogSegment): Promise<CreateResult> {
    const { session, request, policy, maxQueued, owner, idempotency, canceled } = run;
    const { continues } = request;
    const interrupted: CancelRequest = { reason: "A newer run of the session took its place." };
    const [word, rest] = await this.#ask(
      CREATE_RUN,
      { runId: request.id, maxQueued, continues, ...session },
      [
        idText(request.id),
        ...sessionArguments(session),
        ...requestTexts(request),
        `${run.createdAt}`,
        ...segmentArguments(entries),
        policy,
        `${maxQueued}`,
        JSON.stringify(interrupted),
        owner === undefined ? "" : idText(owner),
        idempotency === undefined ? "" : idText(idempotency.key),
        idText(idempotency?.fingerprint ?? ""),
        this.#idempotencyTtl,
        continues ? idText(continues) : "",
        canceled === undefined ? "" : JSON.stringify(canceled.cancel),
      ],
    );
    if (word === "replayed") return { kind: "replayed", run: toRunRecord(rest) };
    const ahead = Number(rest);
    const lease = { runId: request.id, owner: owner ?? "", epoch: 1, nextSeq: entries.last + 1 };
    return { kind: "created", run: newRecord(run, ahead), lease, ahead };
  }

  async takeTurn(lease: RunLease): Promise<number | undefined> {
    const [word, fence] = await this.#ask(TAKE_TURN, lease, leaseArguments(lease));
    return word === "WAITS" ? undefined : Number(fence);
  }

  async release(lease: RunLease): Promise<string | undefined> {
    const next = await this.#run(RELEASE_RUN, leaseArguments(lease));
    return typeof next === "string" ? (JSON.parse(next) as string) : undefined;
  }

  async disown(lease: RunLease): Promise<void> {
    await this.#run(DISOWN_RUN, leaseArguments(lease));
  }

  append(lease: RunLease, segment: LogSegment | undefined): Promise<void> {
    return this.#appends.append(lease, segment);
  }

  async finish(lease: RunLease, status: TerminalStatus, segment: LogSegment): Promise<boolean> {
    const args = [...leaseArguments(lease), ...segmentArguments(segment), status];
    const [word] = await this.#ask(FINISH_RUN, lease, args);
    return word !== "NO";
  }

  async read(runId: string, after: number): Promise<LogStretch> {
    const { word, stretch } = await this.#read(idText(runId), after);
    if (stretch === undefined) throw runRefusal(word, { runId });
    return stretch;
  }

  async get(runId: string): Promise<RunRecord | undefined> {
    const record = await this.#run(GET_RUN, [idText(runId)]);
    return record === null ? undefined : toRunRecord(record);
  }

  async list(options: ListRunsOptions): Promise<Page<RunSummary>> {
    const { cursor, status = "" } = options;
    const limit = pageLimit(options.limit);
    let before = cursor === undefined ? "+inf" : `(${decodeCursor(cursor, RunsCursor)[1]}`;
    const found: { readonly ordinal: number; readonly run: RunSummary }[] = [];
    let most = limit;
    let room = PAGE_SIZE;
    while (found.length <= most) {
      const args = [listArgument(options), status, before, `${most + 1 - found.length}`, `${room}`];
      const [next, size, ...listed] = (await this.#run(LIST_RUNS, args)) as [string, unknown, ...unknown[]];
      for (let index = 0; index < listed.length; index += 2) {
        found.push({ ordinal: Number(listed[index]), run: toRunSummary(listed[index + 1]) });
      }
      if (next === "") break;
      before = `(${next}`;
      room -= Number(size);
      // One more than there is room for tells that another page follows.
      if (room <= 0) most = Math.min(most, found.length);
    }
    return toPage(
      found,
      most,
      ({ run }) => run,
      ({ ordinal }) => encodeCursor(["runs", ordinal]),
    );
  }

  async requestCancel(runId: string, cancel: CancelRequest): Promise<RunRecord> {
    const args = [idText(runId), JSON.stringify(cancel)];
    const [, record] = await this.#ask(REQUEST_CANCEL, { runId }, args);
    return toRunRecord(record);
  }

  async cancelOf(runId: string): Promise<CancelRequest | undefined> {
    const [, cancel] = await this.#ask(CANCEL_OF, { runId }, [idText(runId)]);
    return typeof cancel === "string" ? (JSON.parse(cancel) as CancelRequest) : undefined;
  }

  async acquire(
    runId: string,
    owner: string,
    { unclaimed = false }: { readonly unclaimed?: boolean } = {},
  ): Promise<RunLease> {
    const args = [idText(runId), idText(owner), unclaimed ? "1" : ""];
    const [, epoch, last] = await this.#ask(ACQUIRE_RUN, { runId }, args);
    return { runId, owner, epoch: Number(epoch), nextSeq: Number(last) + 1 };
  }

  async renew(owner: string): Promise<boolean> {
    return Number(await this.#run(RENEW_OWNER, [idText(owner)])) <= this.#leaseTtl;
  }

  async recover(owner: string, { agents, limit }: RecoverOptions): Promise<readonly RecoveredRun[]> {
    const args = [idText(owner), `${this.#leaseTtl}`, `${limit}`, ...agents.map(idText)];
    const recovered = (await this.#run(RECOVER_RUNS, args)) as [unknown, unknown, unknown][];
    return recovered.map(([record, epoch, fence]) => {
      const run = toRunRecord(record);
      const lease = { runId: run.id, owner, epoch: Number(epoch), nextSeq: run.lastSeq + 1 };
      return { run, lease, fence: fence === null ? undefined : Number(fence) };
    });
  }

  async unclaimed({ agents, limit }: RecoverOptions): Promise<readonly string[]> {
    const ids = await this.#run(UNCLAIMED_RUNS, [`${limit}`, ...agents.map(idText)]);
    return (ids as string[]).map((id) => JSON.parse(id) as string);
  }

  /** One step for each 200 runs of the session. Runs that are created meanwhile stay. */
  async deleteSession(session: RunSession): Promise<void> {
    for (let bound = "", more = true; more; ) {
      const args = [...sessionArguments(session), bound, "200"];
      const [, next, rest] = await this.#ask(DELETE_RUNS, session, args);
      bound = String(next);
      more = Number(rest) === 1;
    }
  }

  watch(runId: string, topic: RunTopic, onChange: () => void): () => void {
    return this.#notices.watch(`${this.#base}${topic}:${idText(runId)}`, onChange);
  }

  sweep(): Promise<void> {
    return this.#sweep.sweep();
  }

  async #read(id: string, after: number): Promise<{ word: string; stretch?: LogStretch }> {
    const reply = await this.#run(READ_LOG, [id, `${after}`, `${STRETCH_SIZE}`]);
    const [word = "", ...rest] = reply as string[];
    return word === "" ? { word, stretch: toLogStretch(rest) } : { word };
  }

  /** Resolves to the answer of a script that begins with a word; rejects with the error it stands for, if it is a refusal. */
  async #ask(script: RedisScript, subject: RunSubject, args: readonly string[]): Promise<unknown[]> {
    const reply = await this.#run(script, args);
    const answer = Array.isArray(reply) ? (reply as unknown[]) : [reply];
    const word = String(answer[0]);
    if (!ANSWERS.has(word)) throw runRefusal(word, subject);
    return answer;
  }

  #run(script: RedisScript, args: readonly string[]): Promise<unknown> {
    return this.run(script, [this.#base], [this.#base, ...args]);
  }
}

const ANSWERS: ReadonlySet<string> = new Set(["", "replayed", "WAITS", "NO"]);
/** How much of a log to read at a time, in bytes. */
const STRETCH_SIZE = 2 ** 18;
/** After how many bytes of requests a page of runs ends. */
const PAGE_SIZE = 2 ** 22;

const RunsCursor = z.tuple([z.literal("runs"), z.int().nonnegative()]);
