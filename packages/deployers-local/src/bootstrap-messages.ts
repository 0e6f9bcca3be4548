import { z } from "zod";

/** What a detached process is told, as JSON in its first argument. */
export interface BootstrapOptions {
  /** The URL of the module. */
  readonly entry: string;
  readonly exportName: string;
  readonly host: string;
  readonly port: number;
  readonly instance: string;
}

/** What a detached process says about its start. */
export type BootstrapReport =
  | { readonly agentscope: "listening"; readonly url: string }
  | {
      readonly agentscope: "failed";
      readonly step: "import" | "export" | "run";
      readonly message: string;
      readonly code?: string | undefined;
    };

export const BootstrapReport: z.ZodType<BootstrapReport> = z.discriminatedUnion("agentscope", [
  z.object({ agentscope: z.literal("listening"), url: z.url({ protocol: /^http$/ }) }),
  z.object({
    agentscope: z.literal("failed"),
    step: z.enum(["import", "export", "run"]),
    message: z.string(),
    code: z.string().optional(),
  }),
]);

/** What a detached process is told once it is on record. */
export type KeepMessage = "agentscope:keep";
