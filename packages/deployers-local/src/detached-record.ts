import { z } from "zod";

/** A detached deployment as it stands in the deployments file. */
export type DetachedRecord = {
  readonly id: string;
  readonly platform: "local";
  readonly url: string;
  /** The URL of the entry. */
  readonly agent_source: string;
  readonly created_at: string;
  /** `stopping` once it was told to end. */
  readonly status: "running" | "stopping";
  readonly token: null;
  readonly config: {
    readonly mode: "detached";
    readonly export: string;
    /** Where the process is: its id and start say nothing elsewhere. */
    readonly hostname: string;
    readonly pid: number;
    readonly process_start: string;
    readonly log_file: string;
  };
};

export const DetachedRecord: z.ZodType<DetachedRecord> = z.object({
  id: z.string(),
  platform: z.literal("local"),
  url: z.string(),
  agent_source: z.string(),
  created_at: z.iso.datetime(),
  status: z.enum(["running", "stopping"]),
  token: z.null(),
  config: z.object({
    mode: z.literal("detached"),
    export: z.string(),
    hostname: z.string(),
    // 0 and 1 would address a whole group, or everything.
    pid: z.int().min(2),
    process_start: z.string().min(1),
    log_file: z.string(),
  }),
});
