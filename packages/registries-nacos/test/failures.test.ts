import { inspect } from "node:util";
import { NacosAgentRegistry, type NacosAgentRegistryOptions } from "@agentscope-runtime/registries-nacos";
import { expect, it } from "vitest";
import { agentAt } from "./agents.ts";
import { answering, hanging, NacosServer } from "./nacos-server.ts";

const url = "https://agents.example.com/a2a";
const user = { username: "nacos", password: "s3cret&more" };
const login = "POST /nacos/v3/auth/user/login";

function registryOf(
  servers: readonly (NacosServer | string)[],
  options: Partial<NacosAgentRegistryOptions> = {},
): NacosAgentRegistry {
  const addresses = servers.map((server) => (typeof server === "string" ? server : server.address));
  return new NacosAgentRegistry({ servers: addresses, checkInterval: 0, ...options });
}

/** A server that was there. */
async function gone(): Promise<string> {
  const server = await NacosServer.start();
  const { address } = server;
  await server.stop();
  return address;
}

it("says so where no server can be reached", async () => {
  const down = await gone();
  await expect(registryOf([down]).register(agentAt(url))).rejects.toMatchObject({
    code: "SERVICE_UNAVAILABLE",
    message: `The Nacos server ${down} can't be reached.`,
  });
  const all = registryOf([down, await gone()]).register(agentAt(url));
  await expect(all).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
});

it("asks the next server where one is down, and stays with that", async () => {
  const [first, second] = [await NacosServer.start({ user }), await NacosServer.start({ user })];
  first.faults.push((request) => request.destroy());
  const registry = registryOf([first, second], user);
  await registry.register(agentAt(url));
  await registry.deregister(agentAt(url));
  expect(second.versions("Friday")).toEqual([]);
  expect(first.requests).toEqual([login]);
  expect(second.requests).toHaveLength(4);

  const other = registryOf([await gone(), second], user);
  await other.register(agentAt(url));
  expect(second.versions("Friday")).toEqual(["1.0.0*"]);
});

it.each([
  ["never answers", hanging, "TIMEOUT"],
  ["fails", answering(500, '{"code":30000,"message":"server error"}'), "EXTERNAL_SERVICE_ERROR"],
  ["is a gateway without a server", answering(502, "<html>Bad gateway</html>"), "EXTERNAL_SERVICE_ERROR"],
  ["answers garbage", answering(200, '{"code":0,"data"'), "EXTERNAL_SERVICE_ERROR"],
  ["answers something else", answering(200, '"hello"'), "EXTERNAL_SERVICE_ERROR"],
])("asks the next server where one %s", async (_, fault, code) => {
  const [bad, good] = [await NacosServer.start(), await NacosServer.start()];
  bad.fault = fault;
  const timeout = fault === hanging ? 500 : 5000;
  await expect(registryOf([bad], { timeout }).register(agentAt(url))).rejects.toMatchObject({ code });
  await registryOf([bad, good], { timeout }).register(agentAt(url));
  expect(good.versions("Friday")).toEqual(["1.0.0*"]);
});

it("is sent nowhere else, and takes no token there", async () => {
  const [bad, stranger] = [await NacosServer.start(), await NacosServer.start()];
  bad.fault = answering(307, "", { location: `http://${stranger.address}/nacos/v3/admin/ai/a2a` });
  const registering = registryOf([bad], { token: () => "t0ken" }).register(agentAt(url));
  await expect(registering).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect(stranger.requests).toEqual([]);
});

it("registers although an answer was lost", async () => {
  const server = await NacosServer.start();
  const registry = registryOf([server, server]);
  const lose = async (fault: "before" | "after") => {
    server.faults.push((request, response) => {
      if (fault === "after") request.resume();
      response.destroy();
    });
    await registry.register(agentAt(url));
  };
  await lose("before");
  await lose("after");
  expect(server.versions("Friday")).toEqual(["1.0.0*"]);
});

it("refuses to take what is not Nacos' own for success", async () => {
  const server = await NacosServer.start();
  server.fault = answering(200, "{}");
  await expect(registryOf([server]).register(agentAt(url))).rejects.toMatchObject({
    code: "EXTERNAL_SERVICE_ERROR",
  });
  server.fault = answering(404, '{"code":404,"message":"no such path"}');
  await expect(registryOf([server]).register(agentAt(url))).rejects.toThrow("since version 3.1");
  server.fault = answering(200, '{"code":0,"data":{"pageItems":7}}');
  await expect(registryOf([server]).list()).rejects.toMatchObject({ code: "EXTERNAL_SERVICE_ERROR" });
});

it("logs in once for all who ask at the same time, and not again while the token is good", async () => {
  const server = await NacosServer.start({ user });
  const registry = registryOf([server], user);
  await Promise.all(["a", "b", "c"].map((name) => registry.register(agentAt(url, { name }))));
  await registry.list();
  expect(server.requests.filter((request) => request === login)).toHaveLength(1);
});

it("logs in again before a token has expired, and when one is refused", async () => {
  const server = await NacosServer.start({ user, tokenTtl: 0 });
  const registry = registryOf([server], user);
  await registry.register(agentAt(url));
  await registry.register(agentAt(url));
  const logins = () => server.requests.filter((request) => request === login).length;
  expect(logins()).toBe(3);

  const lasting = await NacosServer.start({ user });
  const other = registryOf([lasting], user);
  await other.register(agentAt(url));
  lasting.tokens.clear();
  await Promise.all([other.list(), other.list(), other.deregister(agentAt(url))]);
  expect(lasting.requests.filter((request) => request === login)).toHaveLength(2);
  expect(lasting.versions("Friday")).toEqual([]);
});

it("asks for a token of the user's own before each request", async () => {
  const server = await NacosServer.start({ user });
  server.tokens.add("mine");
  const tokens = ["mine", "mine", "other"];
  const registry = registryOf([server], { token: async () => tokens.shift() ?? "" });
  await registry.register(agentAt(url));
  await registry.deregister(
    agentAt("https://elsewhere.example.com", {
      supportedInterfaces: [
        { url: "https://elsewhere.example.com", protocolBinding: "JSONRPC", protocolVersion: "1.0" },
      ],
    }),
  );
  await expect(registry.list()).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
});

it("tells nobody of passwords and tokens, whatever Nacos says", async () => {
  const server = await NacosServer.start({ user });
  const wrong = { ...user, password: "wr0ng-s3cret" };
  const errors: unknown[] = [];
  const fails = async (work: Promise<unknown>) => errors.push(await work.catch((error: unknown) => error));
  await fails(registryOf([server], wrong).register(agentAt(url)));
  expect(errors).toMatchObject([
    { code: "CONFIGURATION_ERROR", message: expect.stringContaining("password") },
  ]);
  await fails(registryOf([server], { token: () => "t0ken" }).list());
  server.fault = answering(500, '{"code":30000,"message":"no user wr0ng-s3cret"}');
  await fails(registryOf([server], wrong).list());
  server.fault = answering(500, '{"code":30000,"message":"no token t0ken"}');
  await fails(registryOf([server], { token: () => "t0ken" }).list());
  server.fault = answering(400, '{"code":10000,"message":"no token t0ken"}');
  await fails(registryOf([server], { token: () => "t0ken" }).list());
  await fails(registryOf([await gone(), await gone()], wrong).list());
  expect(errors).toHaveLength(6);
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 10 })).not.toMatch(/wr0ng|t0ken|s3cret/);
  }
});
