import {
  DashScopeChatModel, executePythonCode, Msg, ReActAgent, streamPrintingMessages, Toolkit, tool,
} from "@agentscope-runtime/agentscope";
import { z } from "zod";

const weather = tool({
  name: "get_weather",
  description: "Tells today's weather.",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }, { signal }) => (await fetch(`https://wttr.in/${encodeURIComponent(city)}?format=3`, { signal })).text(),
});

const friday = new ReActAgent({
  name: "Friday",
  sysPrompt: "You're a helpful assistant named Friday.",
  model: new DashScopeChatModel("qwen-plus", { apiKey: process.env.DASHSCOPE_API_KEY }),
  toolkit: new Toolkit().registerToolFunction(weather).registerToolFunction(executePythonCode),
});

const question = new Msg("Alice", "Do I need an umbrella in Hangzhou?", "user");
for await (const [msg, last] of streamPrintingMessages({
  agents: [friday],
  task: (signal) => friday.reply(question, { signal }),
})) {
  if (last) console.log(`${msg.name}: ${msg.getTextContent() ?? ""}`);
}
