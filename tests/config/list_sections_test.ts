import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { loadConfig, renderConfig } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";

const HERE = { hostname: "hub" };

/** A publisher's configuration, protocol 1 left out. */
function load(text: string, isWorldReadable = false) {
  const files = [{
    path: "a.conf",
    text: `[publisher]\nlegacy = off\n${text}`,
    isWorldReadable,
  }];
  return loadConfig("publisher", files, HERE);
}

/** The problems that keep it from being used, as they are shown. */
function refused(text: string): readonly string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

Deno.test("[list:NAME] has defaults that let this host alone read", () => {
  const { config, warnings } = load(
    "httpbindurl = http://127.0.0.1:9680\n[list:drop]",
  );
  deepStrictEqual(config.httpBind, {
    url: "http://127.0.0.1:9680",
    endpoint: "tcp://127.0.0.1:9680",
  });
  deepStrictEqual(config.lists, [{
    name: "drop",
    format: "plain",
    jails: ["*"],
    nodes: ["*"],
    minLeftMs: 0,
    isAggregated: false,
    allowFrom: ["127.0.0.0/8", "::1"],
    credentials: undefined,
  }]);
  deepStrictEqual(warnings, []);
});

Deno.test("[list:NAME] says what is in it, for whom, and goes on where it is named again", () => {
  const { config } = load(
    "httpbindurl = http://10.0.0.1:9680\n" +
      "[list:edge_1]\nformat = MikroTik\njails = sshd, nginx-*\nnodes = web1\n  web2\n" +
      "aggregate = yes\nallowfrom = 10.0.0.77/24 2001:DB8::/32\n" +
      "username = router\npassword = a # b\n[list:other]\n[list:edge_1]\nminleft = 10m\n",
  );
  deepStrictEqual(config.lists.map(({ name }) => name), ["edge_1", "other"]);
  deepStrictEqual(config.lists[0], {
    name: "edge_1",
    format: "mikrotik",
    jails: ["sshd", "nginx-*"],
    nodes: ["web1", "web2"],
    minLeftMs: 600_000,
    isAggregated: true,
    allowFrom: ["10.0.0.0/24", "2001:db8::/32"],
    credentials: { username: "router", password: "a" },
  });
});

Deno.test("[list:NAME] is refused with its line where a key, a value or its name is none", () => {
  deepStrictEqual(refused("[list:a]\nformt = plain"), [
    "a.conf:4: list:a.formt: expected a key of [list:a], perhaps format",
  ]);
  deepStrictEqual(refused("[list:a]\nformat = pdf"), [
    "a.conf:4: list:a.format = pdf: expected one of plain, csv, json, nft, ipset, mikrotik, haproxy, nginx-geo, pf",
  ]);
  deepStrictEqual(refused("[list:a]\nallowfrom = router.example.net"), [
    "a.conf:4: list:a.allowfrom = router.example.net: expected addresses and prefixes such as 192.0.2.0/24, no names",
  ]);
  for (const name of ["list:", "list:a b", "list:a:b", "list:../a"]) {
    match(refused(`[${name}]`).join(), /a section's name in brackets/, name);
  }
  for (const name of ["list:A", "list:-a", `list:${"a".repeat(33)}`]) {
    deepStrictEqual(refused(`[${name}]`), [
      `a.conf:3: [${name}]: expected 1 to 32 small letters, digits, _ and - after the colon`,
    ]);
  }
  deepStrictEqual(refused("[lists:drop]"), [
    "a.conf:3: [lists:drop]: expected a known section, perhaps list:drop",
  ]);
  match(refused("[publisher:drop]").join(), /a known section/);
  const many = Array.from({ length: 33 }, (_, at) => `[list:l${at}]`);
  deepStrictEqual(refused(many.join("\n")), [
    "a.conf:35: [list:l32]: expected at most 32 lists",
  ]);
});

Deno.test("httpbindurl is none, a port of an address, or a Unix socket, and of no other socket", () => {
  strictEqual(load("httpbindurl = none").config.httpBind, undefined);
  strictEqual(
    load("httpbindurl = unix:/run/a.sock").config.httpBind?.endpoint,
    "ipc:///run/a.sock",
  );
  for (
    const url of [
      "https://127.0.0.1:9680",
      "http://127.0.0.1",
      "http://127.0.0.1:9680/",
      "http://127.1:80",
      "unix:run/a.sock",
      "tcp://127.0.0.1:9680",
    ]
  ) {
    match(refused(`httpbindurl = ${url}`).join(), /http:\/\/ADDRESS:PORT/, url);
  }
  deepStrictEqual(refused("httpbindurl = http://127.0.0.1:5681"), [
    "a.conf:3: publisher.httpbindurl: expected another address and port than publisher.controlbindurl",
  ]);
});

Deno.test("a list that everybody could read is refused, unless it takes a password", () => {
  const open = "httpbindurl = http://*:9680\n[list:a]\nallowfrom = ";
  for (const all of ["0.0.0.0/0", "10.0.0.0/8 ::/0"]) {
    match(
      refused(open + all).join(),
      /^a\.conf:5: list:a\.allowfrom: .*password/,
    );
  }
  const shown = `${open}0.0.0.0/0\nusername = a\npassword = 0123456789`;
  deepStrictEqual(refused(shown), []);
  const [warning = "", ...more] = load(shown).warnings;
  match(warning, /list:a\.password: .*in the clear/);
  deepStrictEqual(more, []);
  const local = "httpbindurl = http://127.0.0.1:9680\n[list:a]\nallowfrom = ";
  deepStrictEqual(refused(`${local}0.0.0.0/0`), []);
});

Deno.test("what a list's options mean together is said: half of credentials, a socket's rights, nobody who may read", () => {
  deepStrictEqual(refused("[list:a]\nusername = a"), [
    "a.conf:3: list:a.password: expected a password, since there is a username",
  ]);
  deepStrictEqual(refused("[list:a]\npassword = 12345678"), [
    "a.conf:3: list:a.username: expected a name, since there is a password",
  ]);
  const unix = "httpbindurl = unix:/run/a.sock\n[list:a]\n";
  deepStrictEqual(refused(unix), []);
  match(
    refused(`${unix}allowfrom = 10.0.0.1`).join(),
    /allowfrom: expected nothing/,
  );
  match(load("[list:a]").warnings.join(), /httpbindurl to be set: nobody can/);
  match(
    load("httpbindurl = http://10.0.0.1:9680\n[list:a]").warnings.join(),
    /list:a\.allowfrom: .*nobody but this host/,
  );
  match(
    load(
      "httpbindurl = http://127.0.0.1:9680\n[list:a]\nusername = a\npassword = short",
    )
      .warnings.join(),
    /list:a\.password: .*soon guessed/,
  );
});

Deno.test("a list's password is never shown, and a file that everybody may read is warned of", () => {
  const text = "httpbindurl = http://127.0.0.1:9680\n[list:a]\n" +
    "username = router\npassword = correct horse battery";
  const loaded = load(text, true);
  const shown = renderConfig(loaded);
  ok(!shown.includes("correct horse"));
  match(shown, /^\[list:a\]\nformat = plain {2}# default$/m);
  match(shown, /^password = \*{8} {2}# a\.conf:6$/m);
  match(shown, /^username = router {2}# a\.conf:5$/m);
  match(
    loaded.warnings.join(),
    /everybody on this host can read the secret in it/,
  );
  const long = "x".repeat(300);
  const [problem = ""] = refused(`[list:a]\nusername = a\npassword = ${long}`);
  ok(!problem.includes("xxx"), problem);
  // A mistyped key may hold it as well.
  ok(!refused(`[list:a]\npasword = ${long}`).join().includes("xxx"));
});

Deno.test("monitors and subscribers read the same file, and show no list", () => {
  const files = [{ path: "a.conf", text: "[monitor]\nauth = off\n[list:a]" }];
  const loaded = loadConfig("monitor", files, HERE);
  ok(!renderConfig(loaded).includes("list:"));
});
