import type { OpenAIEvent } from "@agentscope-runtime/protocols-openai";
import { ResponseStream } from "openai/lib/responses/ResponseStream";
import type {
  ParsedResponse,
  ResponseOutputItem,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { expect } from "vitest";

type Lifecycle = Extract<ResponseStreamEvent, { response: unknown }>;

/** Fails unless the events are a whole stream in an order that OpenAI's document allows. */
export function expectLegalEvents(wire: readonly OpenAIEvent[]): void {
  const events = wire as readonly ResponseStreamEvent[];
  const open = new Map<number, OpenItem>();
  const done: ResponseOutputItem[] = [];
  let added = 0;
  for (const [place, event] of events.entries()) {
    expect(event.sequence_number).toBe(place);
    const isFrame = "response" in event;
    expect(isFrame).toBe(place < 2 || place === events.length - 1);
    if (event.type === "response.output_item.added") {
      expect(event.output_index).toBe(added++);
      if ("status" in event.item) expect(event.item.status).toBe("in_progress");
      open.set(event.output_index, { item: event.item, parts: 0, text: undefined, annotations: 0 });
    } else if (event.type === "response.output_item.done") {
      const { item, text } = open.get(event.output_index) as OpenItem;
      expect([event.item.type, event.item.id]).toEqual([item.type, item.id]);
      expect(text).toBeUndefined();
      if ("status" in event.item) expect(event.item.status).not.toBe("in_progress");
      open.delete(event.output_index);
      done[event.output_index] = event.item;
    } else if ("output_index" in event) {
      const item = open.get(event.output_index) as OpenItem;
      if ("item_id" in event) expect(event.item_id).toBe(item.item.id);
      takePart(event, item);
    }
  }
  expect([...open.keys()]).toEqual([]);
  expect(events.slice(0, 2).map(({ type }) => type)).toEqual(["response.created", "response.in_progress"]);
  const last = events.at(-1) as Lifecycle;
  expect(["response.completed", "response.failed", "response.incomplete"]).toContain(last.type);
  expect(last.response.output).toEqual(done);
}

interface OpenItem {
  readonly item: ResponseOutputItem;
  parts: number;
  /** What the deltas of the open part, or of the arguments, add up to. */
  text: string | undefined;
  /** How many annotations the open part has. */
  annotations: number;
}

function takePart(event: ResponseStreamEvent, item: OpenItem): void {
  switch (event.type) {
    case "response.content_part.added":
    case "response.reasoning_summary_part.added":
      expect(item.text).toBeUndefined();
      expect("content_index" in event ? event.content_index : event.summary_index).toBe(item.parts++);
      item.text = "";
      item.annotations = 0;
      break;
    case "response.output_text.annotation.added":
      expect(item.text).toBeDefined();
      expect([event.content_index, event.annotation_index]).toEqual([item.parts - 1, item.annotations++]);
      break;
    case "response.output_text.delta":
    case "response.refusal.delta":
    case "response.reasoning_summary_text.delta":
      expect(item.text).toBeDefined();
      expect("content_index" in event ? event.content_index : event.summary_index).toBe(item.parts - 1);
      item.text += event.delta;
      break;
    case "response.output_text.done":
    case "response.reasoning_summary_text.done":
      expect(event.text).toBe(item.text);
      break;
    case "response.refusal.done":
      expect(event.refusal).toBe(item.text);
      break;
    case "response.content_part.done":
    case "response.reasoning_summary_part.done":
      item.text = undefined;
      break;
    case "response.function_call_arguments.delta":
    case "response.mcp_call_arguments.delta":
      item.text = (item.text ?? "") + event.delta;
      break;
    case "response.function_call_arguments.done":
    case "response.mcp_call_arguments.done":
      expect(event.arguments).toBe(item.text ?? "");
      item.text = undefined;
      break;
    case "response.mcp_call.in_progress":
    case "response.mcp_call.completed":
      expect(item.item.type).toBe("mcp_call");
      break;
    case "response.image_generation_call.in_progress":
    case "response.image_generation_call.completed":
      expect(item.item.type).toBe("image_generation_call");
      break;
    default:
      throw new Error(`There should be no ${event.type}.`);
  }
}

/** What the strict reader of OpenAI's SDK makes of the events. */
export function readBySdk(events: readonly OpenAIEvent[]): Promise<ParsedResponse<null>> {
  const lines = ReadableStream.from(
    events.map((event) => new TextEncoder().encode(`${JSON.stringify(event)}\n`)),
  );
  return ResponseStream.fromReadableStream(lines as never).finalResponse();
}
