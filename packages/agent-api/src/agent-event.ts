import { z } from "zod";
import { AgentResponse } from "./agent-response.ts";
import { Content } from "./content.ts";
import { Message } from "./message.ts";

/** One event of a run's stream, told apart by `object`. */
export type AgentEvent = AgentResponse | Message | Content;
export const AgentEvent: z.ZodType<AgentEvent> = z.discriminatedUnion("object", [
  AgentResponse,
  Message,
  Content,
]);
