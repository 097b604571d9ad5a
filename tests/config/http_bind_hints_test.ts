import { deepStrictEqual } from "node:assert/strict";
import { loadConfig, type Role } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";

/** What is said of a value of `httpbindurl`. */
function said(role: Role, value: string, more = ""): readonly string[] {
  const text = `[publisher]\nlegacy = off\n[monitor]\nauth = off\n${more}\n` +
    `[${role}]\nhttpbindurl = ${value}\n`;
  try {
    loadConfig(role, [{ path: "a.conf", text }], { hostname: "web1" });
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

const WANTED = "expected http://ADDRESS:PORT, unix:PATH or none";

/** What is written by mistake, and what is said then behind what is expected. */
const MISTAKES: Readonly<Record<string, string>> = {
  "https://127.0.0.1:9681":
    ": it has no TLS of its own; put a proxy that has before it",
  "tcp://127.0.0.1:9681": ": perhaps http://127.0.0.1:9681",
  "127.0.0.1:9681": ": perhaps http://127.0.0.1:9681",
  "127.0.0.1": ": a port is missing, as in http://127.0.0.1:9680",
  "http://127.0.0.1": ": a port is missing, as in http://127.0.0.1:9680",
  "http://[::1]": ": a port is missing, as in http://[::1]:9680",
  "http://127.0.0.1:9681/metrics":
    ": nothing is to follow the port, as in http://127.0.0.1:9681",
  "unix:run/metrics.sock": ": the path is to begin with /",
  "http://127.0.0.1:99999": "",
  "http://10.0.0.300:80": "",
  "yes please": "",
};

for (const role of ["publisher", "monitor", "subscriber"] as const) {
  Deno.test(`what is wrong with httpbindurl of the ${role} is said, and what is right`, () => {
    for (const [value, why] of Object.entries(MISTAKES)) {
      deepStrictEqual(said(role, value), [
        `a.conf:7: ${role}.httpbindurl = ${value}: ${WANTED}${why}`,
      ]);
    }
  });
}

Deno.test("a node's httpbindurl that others could reach is refused, with one that they can't", () => {
  for (const role of ["monitor", "subscriber"] as const) {
    for (const value of ["http://*:9681", "http://192.0.2.7:9681"]) {
      deepStrictEqual(said(role, value), [
        `a.conf:7: ${role}.httpbindurl: expected an address of this host only, such as http://127.0.0.1:9681`,
      ]);
    }
    deepStrictEqual(said(role, "http://[::1]:9681"), []);
    deepStrictEqual(said(role, "unix:/run/a.sock"), []);
  }
});

Deno.test("two programs of a host can't answer at the same port, and each is told whose it is", () => {
  const taken = "[subscriber]\nhttpbindurl = http://127.0.0.1:9681";
  deepStrictEqual(said("monitor", "http://127.0.0.1:9681", taken), [
    "a.conf:8: monitor.httpbindurl: expected another address and port than subscriber.httpbindurl",
  ]);
});
