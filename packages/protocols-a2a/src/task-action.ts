export interface TaskAction {
  readonly id: string;
  /** What is to be done with the task, if it is not only to be shown. */
  readonly action: "cancel" | "subscribe" | undefined;
}

/** Reads the end of a path, `<id>` or `<id>:<action>`. A colon that belongs to an id has to be escaped there. */
export function toTaskAction(url: string): TaskAction {
  const [path = ""] = url.split("?");
  const segment = path.slice(path.lastIndexOf("/") + 1);
  const [, id = segment, action] = /^(.*):(cancel|subscribe)$/.exec(segment) ?? [];
  return { id: decode(id), action: action as TaskAction["action"] };
}

// What can't be decoded is the id of no task.
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
