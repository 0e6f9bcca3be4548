// Replicas behind one port. Each is a process of its own; Node's cluster hands them the connections in turn.
import cluster from "node:cluster";
import { serveReplica } from "./replica.ts";
import { keepReplicas } from "./replicas.ts";
import { readSettings } from "./settings.ts";

try {
  const settings = readSettings(process.env);
  if (cluster.isPrimary) keepReplicas(settings);
  else await serveReplica(settings);
} catch (error) {
  console.error(`Counter can't start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
