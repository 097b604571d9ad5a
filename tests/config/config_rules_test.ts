import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  type ConfigFile,
  loadConfig,
  type Role,
} from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";
import { renderShippedFile } from "../../lib/config/option_text.ts";
import { ORIGINAL_CONFIG } from "../support/values/original_config.ts";

const SYSTEM = { hostname: "web-1" };
const OWN_TOKEN =
  "expected a token of your own, such as `openssl rand -hex 32` prints";
const SHIPPED: ConfigFile = { path: "a.conf", text: renderShippedFile() };

/** The line of the shipped file that has the section's token. */
function tokenLine(section: string): number {
  const lines = SHIPPED.text.split("\n");
  return lines.indexOf(
    "authtoken = CHANGE_ME",
    lines.indexOf(`[${section}]`),
  ) + 1;
}

function local(text: string): ConfigFile {
  return { path: "a.local", text };
}

/** The warnings, or the problems, each after its kind. */
function findings(role: Role, ...files: readonly ConfigFile[]): string[] {
  try {
    return loadConfig(role, files, SYSTEM).warnings.map((line) =>
      `warning: ${line}`
    );
  } catch (error) {
    ok(error instanceof ConfigError);
    return error.message.split("\n").map((line) => `error: ${line}`);
  }
}

const OPEN_URLS: readonly string[] = [
  "tcp://*:7000",
  "tcp://0.0.0.0:7000",
  "tcp://[::]:7000",
  "tcp://192.0.2.1:7000",
  "tcp://[2001:db8::1]:7000",
  "tcp://eth0:7000",
];

for (const url of OPEN_URLS) {
  for (const key of ["controlbindurl", "streambindurl"]) {
    Deno.test(`the token is protocol 1's, and does not matter where ${key} is ${url}`, () => {
      const changed = local(`[publisher]\n${key} = ${url}\n`);
      deepStrictEqual(findings("publisher", SHIPPED, changed), []);
    });
  }

  for (const key of ["broadcasterbindurl", "replybindurl"]) {
    const changed = local(`[publisher]\n${key} = ${url}\n`);

    Deno.test(`the shipped placeholder is refused where ${key} is ${url}`, () => {
      deepStrictEqual(findings("publisher", SHIPPED, changed), [
        `error: a.conf:${tokenLine("publisher")}: publisher.authtoken: ` +
        `${OWN_TOKEN}, here and at every node, ` +
        `or only loopback addresses: publisher.${key} is ${url}`,
      ]);
    });

    Deno.test(`a token of one's own is enough where ${key} is ${url}`, () => {
      const own = local(`${changed.text}authtoken = one-of-our-own\n`);
      deepStrictEqual(findings("publisher", SHIPPED, own), []);
    });
  }
}

Deno.test("a token is protocol 1's: the shipped one is no concern of protocol 2's sockets, nor where legacy is off", () => {
  const open = "controlbindurl = tcp://*:7000\nstreambindurl = tcp://*:7001\n";
  const second = local(`[publisher]\n${open}`);
  deepStrictEqual(findings("publisher", SHIPPED, second), []);
  const off = "legacy = off\nreplybindurl = tcp://*:7002\nauthtoken = x\n";
  deepStrictEqual(findings("publisher", local(`[publisher]\n${off}`)), []);
});

Deno.test("tokens by name will do for a publisher, and auth = off is none of them", () => {
  const named = "[publisher]\nauthtokens = /etc/tokens\n";
  deepStrictEqual(findings("publisher", local(named)), []);
  deepStrictEqual(findings("publisher", local(`${named}auth = off\n`)), [
    "error: a.local:3: publisher.auth: expected true, since publisher.authtokens is set",
  ]);
});

const LOOPBACK_URLS: readonly string[] = [
  "tcp://127.0.0.1:7000",
  "tcp://127.1.2.3:7000",
  "tcp://[::1]:7000",
  "tcp://lo:7000",
  "ipc:///run/reports",
];

for (const url of LOOPBACK_URLS) {
  Deno.test(`the shipped placeholder will do on ${url}`, () => {
    const changed = local(`[publisher]\nreplybindurl = ${url}\n`);
    deepStrictEqual(findings("publisher", SHIPPED, changed), []);
  });
}

Deno.test("the shipped placeholder is a warning for a monitor that reports to another host", () => {
  const changed = local("[monitor]\nzmqreplyserver = tcp://pub.example:5678");
  deepStrictEqual(findings("monitor", SHIPPED, changed), [
    `warning: a.conf:${tokenLine("monitor")}: monitor.authtoken: ` +
    `${OWN_TOKEN}: it is the shipped one`,
  ]);
});

Deno.test("the shipped placeholder of another program is no concern", () => {
  const changed = local("[publisher]\nreplybindurl = tcp://*:5678");
  deepStrictEqual(findings("monitor", SHIPPED, changed), []);
  deepStrictEqual(findings("subscriber", SHIPPED, changed), []);
});

Deno.test("the original's placeholders are a warning, even bound to every address", () => {
  const original = { path: "a.conf", text: ORIGINAL_CONFIG };
  const known = `${OWN_TOKEN}: it is a placeholder that everybody knows`;
  deepStrictEqual(findings("monitor", original), [
    `warning: a.conf:17: monitor.authtoken: ${known}`,
  ]);
  deepStrictEqual(findings("publisher", original), [
    `warning: a.conf:46: publisher.authtoken: ${known}`,
  ]);
  deepStrictEqual(findings("subscriber", original), []);
});

for (const role of ["monitor", "publisher"] as const) {
  const without = role === "publisher"
    ? "legacy = off"
    : "fail2ban-cluster join sets controlserver";
  const expected =
    `error: a.conf: ${role}.authtoken: expected a token, since ${role}.auth is true; protocol 2 needs none: ${without}`;

  Deno.test(`a ${role} without a token is refused, auth being on unless it is off`, () => {
    const auth = (value: string) => `[${role}]\nauth = ${value}\n`;
    for (const text of ["", `[${role}]\n`, auth("True"), auth("1")]) {
      deepStrictEqual(findings(role, { path: "a.conf", text }), [expected]);
    }
    const off = { path: "a.conf", text: auth("off") };
    deepStrictEqual(findings(role, off), []);
  });
}

Deno.test("auth = off is a warning where others can reach replybindurl, whatever the token", () => {
  const off = "[publisher]\nauth = off\n";
  deepStrictEqual(findings("publisher", SHIPPED, local(off)), []);
  const open = local(`${off}replybindurl = tcp://*:5678\n`);
  deepStrictEqual(findings("publisher", SHIPPED, open), [
    "warning: a.local:2: publisher.auth: expected true: whoever reaches replybindurl can ban any address",
  ]);
  const broadcast = local(`${off}broadcasterbindurl = tcp://*:5680\n`);
  deepStrictEqual(findings("publisher", SHIPPED, broadcast), []);
});

Deno.test("one URL for both of the publisher's sockets is refused", () => {
  const same = local("[publisher]\nreplybindurl = tcp://127.0.0.1:5680\n");
  deepStrictEqual(findings("publisher", SHIPPED, same), [
    "error: a.local:2: publisher.replybindurl: expected another URL than publisher.broadcasterbindurl",
  ]);
});

const UNREADABLE: readonly [key: string, text: string][] = [
  ["publisher.authtoken", "authtoken = a|b\nreplybindurl = tcp://*:1"],
  ["publisher.auth", "auth = maybe\nreplybindurl = tcp://*:1"],
  [
    "publisher.broadcasterbindurl",
    "broadcasterbindurl = tcp://x\nreplybindurl = tcp://127.0.0.1:5680",
  ],
];

for (const [key, text] of UNREADABLE) {
  Deno.test(`no rule is applied to ${key} where it could not be read`, () => {
    const changed = local(`[publisher]\n${text}\n`);
    const [first, ...more] = findings("publisher", SHIPPED, changed);
    ok(first?.startsWith(`error: a.local:2: ${key}`), first);
    deepStrictEqual(more, []);
  });
}

Deno.test("no token is asked for where it could not be read whether one is needed", () => {
  for (const role of ["monitor", "publisher"] as const) {
    const found = findings(role, local(`[${role}]\nauth = maybe\n`));
    strictEqual(found.length, 1);
    ok(found[0]?.startsWith(`error: a.local:2: ${role}.auth = maybe: `));
  }
});

Deno.test("what breaks a rule is told together with what could not be read", () => {
  const changed = local(
    "[monitor]\npidfile = x\n[publisher]\nreplybindurl = tcp://*:5678\n",
  );
  const found = findings("publisher", SHIPPED, changed);
  strictEqual(found.length, 2);
  ok(found[0]?.startsWith("error: a.local:2: monitor.pidfile = x: "));
  ok(found[1]?.startsWith(`error: a.conf:${tokenLine("publisher")}: `));
});

Deno.test("exec needs a program, and only then", () => {
  const actions = "[subscriber]\nsubscriberaction = exec\n";
  deepStrictEqual(findings("subscriber", SHIPPED, local(actions)).length, 1);
  const program = local(`${actions}execprogram = /usr/local/bin/ban\n`);
  deepStrictEqual(findings("subscriber", SHIPPED, program), []);
});

Deno.test("a monitor that speaks protocol 2 needs no token in its configuration", () => {
  const without = "[monitor]\ncontrolserver = tcp://hub:5681\n";
  deepStrictEqual(findings("monitor", local(without)), []);
});

Deno.test("a short token is a warning, where one is used", () => {
  for (const role of ["monitor", "publisher"] as const) {
    const short = local(`[${role}]\nauthtoken = 1234567\n`);
    deepStrictEqual(findings(role, SHIPPED, short), [
      `warning: a.local:2: ${role}.authtoken: ${OWN_TOKEN}: fewer than 8 characters are soon guessed`,
    ]);
    const longer = local(`[${role}]\nauthtoken = 12345678\n`);
    deepStrictEqual(findings(role, SHIPPED, longer), []);
    const unused = local(`[${role}]\nauthtoken = x\nauth = false\n`);
    deepStrictEqual(findings(role, SHIPPED, unused), []);
  }
});

Deno.test("importexisting needs fail2ban's socket, and only then", () => {
  const importing = "[monitor]\nimportexisting = true\n";
  deepStrictEqual(findings("monitor", SHIPPED, local(importing)), []);
  const without = local(`${importing}fail2bansocket = none\n`);
  deepStrictEqual(findings("monitor", SHIPPED, without), [
    "error: a.local:3: monitor.fail2bansocket: expected the absolute path of a socket, since importexisting is true",
  ]);
});

Deno.test("what is in force is not compared more often than every 5 s", () => {
  const fast = local("[subscriber]\nresync = 4\n");
  deepStrictEqual(findings("subscriber", SHIPPED, fast), [
    "error: a.local:2: subscriber.resync: expected 5s or more",
  ]);
  const slow = local("[subscriber]\nresync = 5\n");
  deepStrictEqual(findings("subscriber", SHIPPED, slow), []);
});

Deno.test("protocol 2 of a subscriber takes a stream where controlserver's port does not tell", () => {
  const errors = (text: string) =>
    findings("subscriber", local(`[subscriber]\n${text}\n`));
  deepStrictEqual(errors("controlserver = tcp://hub:5681"), []);
  deepStrictEqual(errors("controlserver = ipc:///run/control"), [
    "error: a.local: subscriber.streamserver: expected the URL of the stream, since controlserver's port does not tell",
  ]);
});

Deno.test("every socket of a publisher has an address of its own", () => {
  const text =
    "[publisher]\nauth = off\nstreambindurl = tcp://127.0.0.1:5681\n";
  deepStrictEqual(findings("publisher", local(text)), [
    "error: a.local:3: publisher.streambindurl: expected another URL than publisher.controlbindurl",
  ]);
});

Deno.test("a node named localhost is told that its name is everybody's", () => {
  const warningsAs = (hostname: string, files = [SHIPPED]) =>
    loadConfig("subscriber", files, { hostname }).warnings;
  const why =
    "as localhost it would leave out the bans of all others of that name";
  deepStrictEqual(warningsAs("localhost"), [
    `a.conf: general.hostname: expected a name that no other node has: ${why}`,
  ]);
  strictEqual(warningsAs("localhost.localdomain").length, 1);
  deepStrictEqual(warningsAs("localhost-1"), []);
  const named = local("[general]\nhostname = web-1\n");
  deepStrictEqual(warningsAs("localhost", [SHIPPED, named]), []);
});

Deno.test("a network that would be banned for its addresses is no wider than may be banned, and the default none's concern", () => {
  const says = (text: string) =>
    findings("publisher", SHIPPED, local(text)).map((line) =>
      line.replace(/^(error: ).*?expected /, "$1expected ")
    );
  deepStrictEqual(says("[publisher]\nwiden4 = sshd:/28, /23 after 9\n"), [
    "error: expected /24 or longer in each rule, as general.minprefix4 says: /23 has too many neighbours",
  ]);
  deepStrictEqual(says("[publisher]\nwiden6 = /47\n"), [
    "error: expected /48 or longer in each rule, as general.minprefix6 says: /47 has too many neighbours",
  ]);
  deepStrictEqual(
    says("[general]\nminprefix4 = 20\n[publisher]\nwiden4 = 20 after 50\n"),
    [],
  );
  deepStrictEqual(says("[general]\nminprefix6 = 96\n"), []);
  ok(says("[publisher]\nwiden6 = wide\n")[0]?.includes("/64 after 3"));
});

Deno.test("a ban can come again within the time that the past is kept only", () => {
  const says = (text: string) =>
    findings("publisher", SHIPPED, local(text)).join("\n");
  strictEqual(says("[publisher]\ngrowth = sshd:30d:x2, 1d:x4\n"), "");
  ok(
    says("[publisher]\ngrowth = 31d:x2\n").includes(
      "expected times that publisher.keephistory keeps",
    ),
  );
});
