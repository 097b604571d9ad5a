import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import {
  type ConfigFile,
  loadConfig,
  type Role,
} from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";

const SYSTEM = { hostname: "web-1.example" };
const TOKENS = "[monitor]\nauthtoken = t\n[publisher]\nauthtoken = t\n";

function conf(text: string): ConfigFile {
  return { path: "a.conf", text };
}

function local(text: string): ConfigFile {
  return { path: "a.local", text };
}

/** What the error says, line by line. */
function troubleLog(role: Role, ...files: readonly ConfigFile[]): string[] {
  try {
    loadConfig(role, files, SYSTEM);
  } catch (error) {
    ok(error instanceof ConfigError);
    return error.message.split("\n");
  }
  return [];
}

Deno.test("loadConfig() leaves the token out when auth is off", () => {
  for (const role of ["monitor", "publisher"] as const) {
    const files = [conf(TOKENS), local(`[${role}]\nauth = Off`)];
    strictEqual(loadConfig(role, files, SYSTEM).config.token, undefined);
  }
});

Deno.test("loadConfig() asks for a host's name where the system's is none", () => {
  const load = (text: string) =>
    loadConfig("monitor", [conf(TOKENS + text)], { hostname: "my host" });
  throws(() => load(""), {
    message:
      "a.conf: general.hostname: expected a host's name here, since the system's is none",
  });
  strictEqual(
    load("[general]\nhostname = web_1").config.general.hostName,
    "web_1",
  );
});

Deno.test("loadConfig() takes no files for the defaults, as far as those go", () => {
  const { config, sources } = loadConfig("subscriber", [], SYSTEM);
  strictEqual(config.publisherUrl, "tcp://127.0.0.1:5680");
  deepStrictEqual(
    sources.filter(({ from }) => from !== "default").map(({ key }) => key),
    ["logtarget", "hostname", "controlserver", "streamserver"],
  );
  deepStrictEqual(troubleLog("monitor"), [
    "(defaults): monitor.authtoken: expected a token, since monitor.auth is true; protocol 2 needs none: fail2ban-cluster join sets controlserver",
  ]);
});
