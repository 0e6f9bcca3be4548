import { RuntimeError } from "../errors/runtime-error.ts";
import type { StoredTask } from "./stored-task.ts";

/** What bounds the tasks of one name that wait. */
export interface WaitingLimits {
  readonly maxWaiting: number;
  readonly maxWaitingLength: number;
  /** What part of both one user may have, where it is known who that is; one task they may always have. */
  readonly maxUserShare: number;
}

interface Room {
  readonly tasks: Set<StoredTask>;
  length: number;
}

/** The tasks of a name that wait, and how much of the room for them each user has. */
export class WaitingTasks {
  readonly #limits: WaitingLimits;
  readonly #all: Room = { tasks: new Set(), length: 0 };
  readonly #users = new Map<string, Room>();

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  /** Throws `QUEUE_FULL` where there is no room for one more, with an input of that length. */
  assertRoom(length: number, userId: string | undefined): void {
    const { maxWaiting, maxWaitingLength, maxUserShare } = this.#limits;
    const { tasks, length: taken } = this.#all;
    if (tasks.size >= maxWaiting || taken + length > maxWaitingLength)
      throw full("Too many tasks are waiting");
    const user = userId === undefined ? undefined : this.#users.get(userId);
    if (user === undefined) return;
    const fits =
      user.tasks.size < maxWaiting * maxUserShare && user.length + length <= maxWaitingLength * maxUserShare;
    if (!fits) throw full("Too many tasks of this user are waiting");
  }

  add(task: StoredTask): void {
    put(this.#all, task);
    const { userId } = task.spec;
    if (userId === undefined) return;
    const user = this.#users.get(userId) ?? { tasks: new Set(), length: 0 };
    this.#users.set(userId, user);
    put(user, task);
  }

  delete(task: StoredTask): void {
    take(this.#all, task);
    const { userId } = task.spec;
    const user = userId === undefined ? undefined : this.#users.get(userId);
    if (userId === undefined || user === undefined) return;
    take(user, task);
    if (user.tasks.size === 0) this.#users.delete(userId);
  }
}

function put(room: Room, task: StoredTask): void {
  room.tasks.add(task);
  room.length += task.length;
}

function take(room: Room, task: StoredTask): void {
  if (room.tasks.delete(task)) room.length -= task.length;
}

function full(what: string): RuntimeError {
  return new RuntimeError("QUEUE_FULL", `${what}: try again later.`, { retryAfter: 5 });
}
