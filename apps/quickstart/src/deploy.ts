import { LocalDeployManager } from "agentscope-runtime";
import OpenAI from "openai";
import { app } from "./app.ts";

const { HOST: host = "127.0.0.1", PORT = "8091" } = process.env;

// A process of its own, which would outlive this one.
const manager = new LocalDeployManager({
  host,
  port: Number(PORT),
  entry: new URL("./app.ts", import.meta.url),
});
const { deployId, url } = await app.deploy(manager);
console.log(`Deployed as ${deployId} at ${url}`);

try {
  const client = new OpenAI({ baseURL: `${url}/compatible-mode/v1`, apiKey: "none is needed" });
  const response = await client.responses.create({ model: "any_name", input: "What is 6 * 7? Use python." });
  console.log(`Friday: ${response.output_text}`);
} finally {
  const { message } = await manager.stop(deployId);
  console.log(message);
}
