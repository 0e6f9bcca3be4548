import type { StoredTask } from "./stored-task.ts";

/** What bounds the ended tasks of one name that are kept. */
export interface FinishedLimits {
  readonly maxFinished: number;
  readonly maxFinishedLength: number;
  readonly finishedTtl: number;
}

/** The ended tasks of one user. */
interface Holding {
  /** In the order they ended. */
  readonly tasks: Set<StoredTask>;
  length: number;
}

/** The ended tasks of a name. Where there are too many, those go first whose user has most of what there is too much of. */
export class FinishedTasks {
  readonly #limits: FinishedLimits;
  /** In the order they ended. */
  readonly #tasks = new Set<StoredTask>();
  readonly #holdings = new Map<string | undefined, Holding>();
  #length = 0;

  constructor(limits: FinishedLimits) {
    this.#limits = limits;
  }

  add(task: StoredTask): void {
    this.#tasks.add(task);
    this.#length += task.length;
    const { userId } = task.spec;
    const holding = this.#holdings.get(userId) ?? { tasks: new Set(), length: 0 };
    this.#holdings.set(userId, holding);
    holding.tasks.add(task);
    holding.length += task.length;
  }

  /** Gives up those that are out of bounds, and returns them. */
  sweep(now: number): readonly StoredTask[] {
    const { maxFinished, maxFinishedLength, finishedTtl } = this.#limits;
    const given: StoredTask[] = [];
    const giveUp = (task: StoredTask | undefined) => {
      if (task === undefined) return;
      this.#delete(task);
      given.push(task);
    };
    for (const task of this.#tasks) {
      if ((task.completedAt ?? 0) > now - finishedTtl) break;
      giveUp(task);
    }
    while (this.#tasks.size > maxFinished) giveUp(this.#oldestOfMost(({ tasks }) => tasks.size));
    while (this.#length > maxFinishedLength) giveUp(this.#oldestOfMost(({ length }) => length));
    return given;
  }

  #delete(task: StoredTask): void {
    this.#tasks.delete(task);
    this.#length -= task.length;
    const { userId } = task.spec;
    const holding = this.#holdings.get(userId);
    if (holding === undefined) return;
    holding.tasks.delete(task);
    holding.length -= task.length;
    if (holding.tasks.size === 0) this.#holdings.delete(userId);
  }

  /** The oldest task of whoever has most; of several who do, the oldest of all. */
  #oldestOfMost(measure: (holding: Holding) => number): StoredTask | undefined {
    let most = -1;
    let oldest: StoredTask | undefined;
    for (const holding of this.#holdings.values()) {
      const held = measure(holding);
      const [first] = holding.tasks;
      if (first === undefined || held < most) continue;
      if (held === most && (oldest?.endedAs ?? 0) < first.endedAs) continue;
      most = held;
      oldest = first;
    }
    return oldest;
  }
}
