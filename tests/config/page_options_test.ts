import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { loadConfig } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";

function load(text: string) {
  const files = [{
    ...{ path: "a.conf", isWorldReadable: false },
    text: `[publisher]\nlegacy = off\n${text}`,
  }];
  return loadConfig("publisher", files, { hostname: "hub" }).config;
}

/** Why it can't be used; empty: it can. */
function refused(text: string): string {
  try {
    load(text);
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

Deno.test("there is no page unless it is asked for, and then for this host only", () => {
  strictEqual(load("").pageBind, undefined);
  for (
    const url of [
      "unix:/run/page.sock",
      "http://127.0.0.1:9683",
      "http://[::1]:9683",
    ]
  ) strictEqual(load(`pagebindurl = ${url}`).pageBind?.url, url);
  for (
    const url of [
      "http://*:9683",
      "http://192.0.2.10:9683",
      "http://[2001:db8::1]:9683",
    ]
  ) match(refused(`pagebindurl = ${url}`), /this host only.*ssh -L/, url);
});

Deno.test("the page has a port of its own", () => {
  match(
    refused("pagebindurl = http://127.0.0.1:5681"),
    /than publisher\.controlbindurl/,
  );
  const both =
    "httpbindurl = http://127.0.0.1:9680\npagebindurl = http://127.0.0.1:9680";
  match(refused(both), /than publisher\.httpbindurl/);
});

Deno.test("pagehosts are names without ports, in any case", () => {
  deepStrictEqual(load("").pageHosts, []);
  deepStrictEqual(
    load("pagehosts = Bans.Example.org, hub").pageHosts,
    ["bans.example.org", "hub"],
  );
  match(refused("pagehosts = bans.example.org:443"), /without ports/);
  match(refused("pagehosts = <script>"), /without ports/);
});

Deno.test("a proxy is believed only over a Unix socket, under a name of its own", () => {
  deepStrictEqual(load("").pageUsers, []);
  const unix = "pagebindurl = unix:/run/page.sock";
  const named = "pagehosts = bans.example.org";
  const users = "pageusers = alice, bob:read";
  deepStrictEqual(load(`${unix}\n${named}\n${users}`).pageUsers, [
    { name: "alice", isReadOnly: false },
    { name: "bob", isReadOnly: true },
  ]);
  match(refused(`${named}\n${users}`), /unless publisher\.pagebindurl is unix/);
  const loopback = "pagebindurl = http://127.0.0.1:9683";
  match(refused(`${loopback}\n${named}\n${users}`), /every user of this host/);
  match(refused(`${unix}\n${users}`), /name in publisher\.pagehosts/);
  match(refused(`${unix}\n${named}\npageusers = a:b`), /names of users/);
});
