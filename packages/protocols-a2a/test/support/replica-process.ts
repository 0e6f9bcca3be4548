import { replica } from "./replica.ts";

// A replica whose answers are never done, to be killed.
const [path = ""] = process.argv.slice(2);
const running = await replica({ path, held: () => new Promise(() => undefined) }).run({ port: 0 });
process.send?.(running.url);
