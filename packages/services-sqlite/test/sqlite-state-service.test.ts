import { SqliteStateService } from "@agentscope-runtime/services-sqlite";
import { stateServiceSuite } from "@agentscope-runtime/testing";
import { Reopening, temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const { create, reopen } = new Reopening(newFile, (options) => new SqliteStateService(options));

stateServiceSuite("SqliteStateService", { create, durable: { reopen } });
