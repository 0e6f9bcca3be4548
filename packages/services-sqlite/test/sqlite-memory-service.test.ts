import { SqliteMemoryService } from "@agentscope-runtime/services-sqlite";
import { memoryServiceSuite } from "@agentscope-runtime/testing";
import { Reopening, temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const { create, reopen } = new Reopening(newFile, (options) => new SqliteMemoryService(options));

memoryServiceSuite("SqliteMemoryService", { create, durable: { reopen } });
