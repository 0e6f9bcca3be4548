import {
  ask,
  EventReader,
  framesOf,
  introduce,
  mcpCall,
  openaiClient,
  postMcp,
  progressOf,
  resumeMcp,
} from "./clients.ts";

/** An event of a stream, by what all protocols have in common. */
export interface Numbered {
  /** What a client names that resumes behind it. */
  readonly at: string | number;
  readonly number: number;
  /** What it is a piece of, if it is one that may be joined with others. */
  readonly piece?: string | undefined;
  readonly text?: string | undefined;
  /** All of it, where it is no piece. */
  readonly whole?: unknown;
}

/** A protocol whose streams can be resumed at any of their events. */
export interface NumberedStream {
  /** Starts the run, and gives its events. */
  start(url: string): Promise<OpenStream>;
}

export interface OpenStream {
  readonly events: AsyncIterable<Numbered>;
  /** The events behind that one, from whichever server. */
  resume(url: string, at: Numbered["at"]): AsyncIterable<Numbered> | Promise<AsyncIterable<Numbered>>;
}

export const numberedStreams: Readonly<Record<string, NumberedStream>> = {
  "the Agent API by Last-Event-ID": agentApi((url, id, at) =>
    EventReader.open(`${url}/runs/${id}/events`, { headers: { "last-event-id": String(at) } }),
  ),
  "the Agent API by ?after": agentApi((url, id, at) =>
    EventReader.open(`${url}/runs/${id}/events?after=${at}`),
  ),
  "Responses by starting_after": {
    start: async (url) => {
      const params = { model: "Friday", input: "Hi", stream: true } as const;
      const stream = await openaiClient(url).responses.create(params);
      let runId = "";
      const events = async function* () {
        for await (const event of stream) {
          if (event.type === "response.created") runId = event.response.id;
          yield fromResponses(event);
        }
      };
      const resume = async (server: string, at: Numbered["at"]) => {
        const rest = openaiClient(server).responses.retrieve(runId, {
          stream: true,
          starting_after: Number(at),
        });
        return mapped(await rest, fromResponses);
      };
      return { events: events(), resume };
    },
  },
  "MCP by Last-Event-ID": {
    start: async (url) => {
      const headers = await introduce(url);
      const answer = await postMcp(url, mcpCall(1, { message: "Hi" }, "token"), headers);
      const events = (response: Response) => mapped(framesOf(response), fromMcp);
      return {
        events: events(answer),
        resume: async (server, at) => events(await resumeMcp(server, String(at), headers)),
      };
    },
  },
};

function agentApi(
  open: (url: string, id: string, at: Numbered["at"]) => Promise<EventReader>,
): NumberedStream {
  return {
    start: async (url) => {
      const id = `run_${crypto.randomUUID()}`;
      const reader = await EventReader.open(`${url}/process`, { body: ask("Hi", { id }) });
      return {
        events: fromAgentApi(reader),
        resume: async (server, at) => fromAgentApi(await open(server, id, at)),
      };
    },
  };
}

async function* fromAgentApi(reader: EventReader): AsyncGenerator<Numbered> {
  for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
    const { id = "", event } = next;
    const place = { at: id, number: Number(event.sequence_number) };
    const joins =
      event.object === "content" && event.delta && (event.type === "text" || event.type === "refusal");
    if (!joins) yield { ...place, whole: event };
    else {
      const text = (event.type === "text" ? event.text : event.refusal) ?? "";
      yield { ...place, piece: `${event.type} ${event.msg_id} ${event.index}`, text };
    }
  }
  reader.cut();
}

interface ResponsesEvent {
  readonly type: string;
  readonly sequence_number?: number;
  readonly item_id?: string;
  readonly delta?: unknown;
}

function fromResponses(event: ResponsesEvent): Numbered {
  const { type, sequence_number: number = -1, item_id, delta } = event;
  if (typeof delta !== "string" || type.includes("arguments")) return { at: number, number, whole: event };
  return { at: number, number, piece: `${type} ${item_id}`, text: delta };
}

function fromMcp(frame: { readonly id: string; readonly data: string }): Numbered {
  const { id: at, data } = frame;
  const number = progressOf(frame);
  // The first event is empty, and the last one is the result, which has no number.
  if (number === undefined) return { at, number: data === "" ? -1 : Number.MAX_SAFE_INTEGER, whole: data };
  // One event of progress tells of all that was there at once.
  return { at, number, piece: "progress", text: JSON.parse(data).params.message ?? "" };
}

async function* mapped<Event>(
  events: AsyncIterable<Event>,
  map: (event: Event) => Numbered,
): AsyncGenerator<Numbered> {
  for await (const event of events) yield map(event);
}

/** The same with the pieces that follow each other joined, each by the number of its last. */
export function joined(events: readonly Numbered[]): readonly Numbered[] {
  const found: Numbered[] = [];
  for (const { at: _, ...event } of events) {
    const last = found.at(-1);
    if (event.piece === undefined || last?.piece !== event.piece) found.push({ ...event, at: "" });
    else found[found.length - 1] = { ...event, at: "", text: `${last.text}${event.text}` };
  }
  return found;
}
