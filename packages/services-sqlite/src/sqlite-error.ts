import { RuntimeError } from "@agentscope-runtime/core";

/** True for the error of a database that another connection has locked. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** True for the error of a file that holds something else than a database. */
export function isNoDatabase(error: unknown): boolean {
  return resultCode(error) === SQLITE_NOTADB;
}

/** The error as callers get it. */
export function toRuntimeError(error: unknown): RuntimeError {
  if (!isBusy(error)) return RuntimeError.from(error, "DATABASE_ERROR", "The database failed.");
  return new RuntimeError("SERVICE_UNAVAILABLE", "The database is locked by another process.", {
    cause: error,
    retryAfter: 1,
  });
}

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  // The bytes above the lowest say more than is asked here.
  return error.errcode & 0xff;
}
