import type { A2AArtifact, A2AEvent, A2APart, A2ATask } from "@agentscope-runtime/protocols-a2a";
import { expect } from "vitest";

/** What a client makes of a stream; fails where the stream is not one that A2A allows. */
export function reduceEvents(events: readonly A2AEvent[]): A2ATask {
  let task: A2ATask | undefined;
  const whole = new Set<string>();
  for (const event of events) {
    if ("task" in event) {
      task = event.task;
      continue;
    }
    if (task === undefined) throw new Error("The task comes first.");
    if ("statusUpdate" in event) {
      expect(event.statusUpdate).toMatchObject({ taskId: task.id, contextId: task.contextId });
      task = { ...task, status: event.statusUpdate.status };
      continue;
    }
    const { taskId, contextId, artifact, append, lastChunk } = event.artifactUpdate;
    expect([taskId, contextId]).toEqual([task.id, task.contextId]);
    expect(artifact.parts.length).toBeGreaterThan(0);
    expect(whole.has(artifact.artifactId)).toBe(false);
    if (lastChunk) whole.add(artifact.artifactId);
    const artifacts = task.artifacts ?? [];
    const known = artifacts.find(({ artifactId }) => artifactId === artifact.artifactId);
    expect(append === true).toBe(known !== undefined);
    task = {
      ...task,
      artifacts:
        known === undefined
          ? [...artifacts, artifact]
          : artifacts.map((other) =>
              other === known ? { ...known, parts: [...known.parts, ...artifact.parts] } : other,
            ),
    };
  }
  if (task === undefined) throw new Error("There is no task.");
  return task;
}

/**
 * The artifacts by id, with texts that follow each other joined: however they were cut and whichever was begun or ended
 * first, they are the same.
 */
export function joinTexts(artifacts: readonly A2AArtifact[] | undefined): A2AArtifact[] {
  const sorted = [...(artifacts ?? [])].sort((a, b) => (a.artifactId < b.artifactId ? -1 : 1));
  return sorted.map((artifact) => {
    const parts: A2APart[] = [];
    for (const part of artifact.parts) {
      const last = parts.at(-1);
      if (part.text === "") continue;
      const joins = part.text !== undefined && last?.text !== undefined;
      if (joins) parts[parts.length - 1] = { text: last.text + part.text };
      else parts.push(part.text === undefined ? part : { text: part.text });
    }
    return { ...artifact, parts };
  });
}
