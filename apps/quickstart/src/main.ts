import { app, choice } from "./app.ts";

const { HOST: host = "127.0.0.1", PORT = "8090" } = process.env;
const port = Number(PORT);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`PORT is a number from 0 to 65535, not ${JSON.stringify(PORT)}.`);
  process.exit(1);
}

const { url } = await app.run({ host, port }).catch((error) => {
  console.error(`Friday can't start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
});
console.log(`
Friday listens at ${url}
Model: ${choice.reason}
OpenAI's SDKs: base URL ${url}/v1
A2A: ${url}/.well-known/agent-card.json
AG-UI: ${url}/ag-ui
MCP: ${url}/mcp
Try:

curl -N ${url}/process -H 'content-type: application/json' -d '{
  "session_id": "s1", "user_id": "me",
  "input": [{ "role": "user", "content": [{ "type": "text", "text": "What is 1234 * 5678? Use python." }] }]
}'
curl '${url}/sessions?user_id=me'
`);
