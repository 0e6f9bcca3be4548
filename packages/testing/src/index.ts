export { FakeModelServer } from "./fake-model-server.ts";
