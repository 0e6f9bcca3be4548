/** Says in words for people why nothing can listen there. */
export function listenProblem(error: unknown, { host, port }: { host: string; port: number }): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} of ${host} is in use: choose another, or 0 for any that is free.`;
    case "EACCES":
      return `Port ${port} of ${host} is not for this user: choose one above 1023.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine.`;
    default:
      return String(message ?? error);
  }
}
