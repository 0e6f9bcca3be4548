import { InMemoryRunStore } from "@agentscope-runtime/core";
import { runStoreSuite } from "@agentscope-runtime/testing";

runStoreSuite("InMemoryRunStore", { create: (options) => new InMemoryRunStore(options) });
