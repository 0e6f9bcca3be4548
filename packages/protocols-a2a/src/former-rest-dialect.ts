import { toLegacyHTTPError } from "@a2a-js/sdk/compat/v0_3/server";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import type { A2AArtifact, A2AEvent, A2AMessage, A2APart, A2ATask, A2ATaskStatus } from "./a2a-task.ts";
import { toFormerCard } from "./former-card.ts";
import type { Json, RestDialect } from "./rest-dialect.ts";
import { isEnded, isInterrupted } from "./to-a2a-status.ts";

/** 0.3, whose JSON is that of its protocol buffers: the SDK speaks it with Express only. */
export const formerDialect: RestDialect = {
  version: "0.3",
  path: "/v1",
  cardPath: "/card",
  contentType: "application/json",
  sent: 201,
  fromMessage: (body) => {
    const message = toRecord(body.message ?? body.request);
    const { blocking, pushNotification, historyLength, ...others } = toRecord(body.configuration);
    return {
      metadata: body.metadata,
      message: { ...message, parts: toList(message.content).map(fromPart) },
      configuration: {
        ...others,
        // Nothing and 0 are the same there.
        ...(historyLength ? { historyLength } : {}),
        returnImmediately: body.configuration !== undefined && blocking !== true,
        ...(pushNotification ? { taskPushNotificationConfig: fromConfig(toRecord(pushNotification)) } : {}),
      },
    };
  },
  fromConfig: (body) => {
    const config = toRecord(toRecord(body.config ?? body).pushNotificationConfig);
    if (config.url === undefined) throw new RequestMalformedError("pushNotificationConfig is required.");
    return fromConfig(config);
  },
  toTask,
  toEvent,
  toConfig: ({ id, taskId, authentication, ...config }) => ({
    name: `tasks/${taskId}/pushNotificationConfigs/${id}`,
    pushNotificationConfig: {
      ...config,
      id,
      ...(authentication === undefined ? {} : { authentication: toAuthentication(toRecord(authentication)) }),
    },
  }),
  toCard: toFormerCard,
  toError: toLegacyHTTPError,
};

function fromPart(part: unknown): Json {
  const { text, file, data, metadata } = toRecord(part);
  if (text !== undefined) return { text, metadata };
  if (data !== undefined) return { data: toRecord(data).data, metadata };
  const { fileWithUri, fileWithBytes, mimeType, name } = toRecord(file);
  return { metadata, raw: fileWithBytes, url: fileWithUri, mediaType: mimeType, filename: name };
}

function fromConfig({ authentication, ...config }: Json): Json {
  const { schemes, credentials } = toRecord(authentication);
  const [scheme] = toList(schemes);
  return { ...config, ...(scheme === undefined ? {} : { authentication: { scheme, credentials } }) };
}

function toAuthentication({ scheme, credentials }: Json): Json {
  return { schemes: [scheme], credentials };
}

function toPart({ text, raw, url, data, mediaType, filename, metadata }: A2APart): Json {
  if (text !== undefined) return { text, metadata };
  if (data !== undefined) return { data: { data }, metadata };
  const file = raw === undefined ? { fileWithUri: url } : { fileWithBytes: raw };
  return { metadata, file: { ...file, mimeType: mediaType, name: filename } };
}

function toMessage({ parts, ...message }: A2AMessage): Json {
  return { ...message, content: parts.map(toPart) };
}

function toStatus({ state, message, timestamp }: A2ATaskStatus): Json {
  return {
    state: state === "TASK_STATE_CANCELED" ? "TASK_STATE_CANCELLED" : state,
    ...(message === undefined ? {} : { message: toMessage(message) }),
    timestamp,
  };
}

function toArtifact({ parts, ...artifact }: A2AArtifact): Json {
  return { ...artifact, parts: parts.map(toPart) };
}

function toTask({ status, artifacts = [], history = [], ...task }: A2ATask): Json {
  return {
    ...task,
    status: toStatus(status),
    artifacts: artifacts.map(toArtifact),
    history: history.map(toMessage),
  };
}

function toEvent(event: A2AEvent): Json {
  if ("task" in event) return { task: toTask(event.task) };
  if ("artifactUpdate" in event) {
    const { artifact, ...update } = event.artifactUpdate;
    return { artifactUpdate: { ...update, artifact: toArtifact(artifact) } };
  }
  const { status, ...update } = event.statusUpdate;
  const final = isEnded(status.state) || isInterrupted(status.state);
  return { statusUpdate: { ...update, status: toStatus(status), final } };
}

function toRecord(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
