import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  type ConfigFile,
  loadConfig,
  renderConfig,
  type Role,
  type RoleConfigs,
} from "../../lib/config/config.ts";
import { quoteIniValue } from "../../lib/config/ini_text.ts";
import { DEFAULT_NODE_LIMITS } from "../../lib/members/node_limits.ts";
import { renderShippedFile } from "../../lib/config/option_text.ts";
import { onlyObserving, TAKE_ALL } from "../../lib/choice/receiver_choice.ts";
import { ORIGINAL_CONFIG } from "../support/values/original_config.ts";

const ROLES: readonly Role[] = ["monitor", "publisher", "subscriber"];
const SYSTEM = { hostname: "web-1.example" };
const TOKENS = "[monitor]\nauthtoken = t\n[publisher]\nauthtoken = t\n";

function conf(text: string): ConfigFile {
  return { path: "a.conf", text };
}

function local(text: string): ConfigFile {
  return { path: "a.local", text };
}

/** `from` by `section.key`. */
function origins(role: Role, ...files: readonly ConfigFile[]) {
  const { sources } = loadConfig(role, files, SYSTEM);
  return Object.fromEntries(
    sources.map(({ section, key, from }) => [`${section}.${key}`, from]),
  );
}

const DEFAULT_GENERAL = {
  logTarget: undefined,
  logLevel: "info",
  syslogFacility: "auth",
  stateDir: "/var/lib/fail2ban-cluster",
  hostName: "web-1.example",
  minPrefix4Bits: 24,
  minPrefix6Bits: 48,
  ignoreIp: [],
  members: [],
  allowPrivate: false,
  localUnban: false,
  webhook: undefined,
};

const ORIGINAL_GENERAL = {
  ...DEFAULT_GENERAL,
  members: [{ kind: "name", name: "publisher.example" }],
};

const DEFAULT_ENFORCEMENT = {
  banTimeMs: 3_600_000,
  resyncEveryMs: 600_000,
  maxPerSecond: Infinity,
  jailMap: [{ pattern: "*", jail: "fail2bancluster" }],
  fail2banSocket: "/var/run/fail2ban/fail2ban.sock",
  fail2banProgram: undefined,
  nftTable: "fail2ban_cluster",
  execProgram: undefined,
  execTimeoutMs: 10_000,
};

const ORIGINAL: Readonly<Record<Role, object>> = {
  monitor: {
    general: ORIGINAL_GENERAL,
    pidFile: "/var/run/fail2ban-monitor.pid",
    ...{ httpBind: undefined, heartbeat: undefined },
    replyServerUrl: "tcp://publisher.example:5678",
    logPath: "/var/log/fail2ban.log",
    ...{ logFormat: "file", controlServerUrls: undefined },
    databasePath: "/var/lib/fail2ban/fail2ban.sqlite3",
    unbanHoldMs: 30_000,
    fail2banSocket: "/var/run/fail2ban/fail2ban.sock",
    ...{ banTimeMs: 600_000, importExisting: false, ignoreJails: [] },
    token: "ASK_buanzo@buanzo.com.ar_FOR_A_TOKEN",
  },
  publisher: {
    general: ORIGINAL_GENERAL,
    pidFile: "/var/run/fail2ban-publisher.pid",
    broadcasterBindUrl: "tcp://*:5680",
    replyBindUrl: "tcp://*:5678",
    controlBindUrl: "tcp://127.0.0.1:5681",
    streamBindUrl: "tcp://127.0.0.1:5682",
    ...{ httpBind: undefined, heartbeat: undefined },
    ...{ pageBind: undefined, pageHosts: [], pageUsers: [] },
    lists: [],
    banTimeMs: 3_600_000,
    keepHistoryMs: 30 * 86_400_000,
    quorum: [],
    growth: [{ pattern: "*", growth: undefined }],
    widening: {
      IPv4: [{ pattern: "*", widening: undefined }],
      IPv6: [{ pattern: "*", widening: { bits: 64, after: 3 } }],
    },
    limits: DEFAULT_NODE_LIMITS,
    durability: "power",
    engine: undefined,
    legacy: undefined,
    tokensPath: undefined,
    token:
      "IF_YOU_RUN_YOUR_OWN_PUBLISHER_JUST_TYPE_A_SECRET_STRING_HERE_AND_GIVE_IT_TO_YOUR_MONITORS",
  },
  subscriber: {
    general: ORIGINAL_GENERAL,
    pidFile: "/var/run/fail2ban-subscriber.pid",
    ...{ httpBind: undefined, heartbeat: undefined },
    publisherUrl: "tcp://publisher.example:5680",
    protocol2: undefined,
    prefixFilter: "",
    actions: ["log"],
    choice: TAKE_ALL,
    ...DEFAULT_ENFORCEMENT,
  },
};

for (const role of ROLES) {
  Deno.test(`loadConfig() reads the original's file unchanged for the ${role}`, () => {
    const { config } = loadConfig(role, [conf(ORIGINAL_CONFIG)], SYSTEM);
    deepStrictEqual(config, ORIGINAL[role]);
  });

  Deno.test(`loadConfig() reads the original's file with CR LF and a BOM for the ${role}`, () => {
    const text = `\uFEFF${ORIGINAL_CONFIG.replaceAll("\n", "\r\n")}`;
    const { config } = loadConfig(role, [conf(text)], SYSTEM);
    deepStrictEqual(config, ORIGINAL[role]);
  });

  Deno.test(`loadConfig() takes the shipped file as it is for the ${role}, and it sets the defaults`, () => {
    const shipped = loadConfig(role, [conf(renderShippedFile())], SYSTEM);
    const text = TOKENS.replaceAll("= t", "= CHANGE_ME");
    const { config } = loadConfig(role, [conf(text)], SYSTEM);
    deepStrictEqual(shipped.config, config);
    deepStrictEqual(shipped.warnings, []);
    deepStrictEqual(
      shipped.sources.filter(({ from }) => from === "default"),
      [],
    );
  });

  Deno.test(`renderConfig() gives the ${role}'s files what loadConfig() reads as the same configuration`, () => {
    const path = fc.string({ unit: "grapheme", maxLength: 50 }).map((text) =>
      `/${text.replace(/\p{Cc}/gu, "")}`
    );
    const line = fc.string({ unit: "grapheme", maxLength: 50 }).map((text) =>
      text.replace(/\p{Cc}/gu, "")
    );
    const target = fc.oneof(path, fc.constantFrom("SYSLOG", "stderr"));
    const written = fc.record({
      general: fc.record({
        logtarget: target,
        statedir: path,
        hostname: fc.domain(),
        minprefix4: fc.integer({ min: 1, max: 32 }).map(String),
      }, { requiredKeys: [] }),
      monitor: fc.record({
        fail2banlogpath: path,
        fail2bandb: fc.oneof(path, fc.constant("none")),
        unbanhold: fc.constantFrom("0", "1h", "5m 3s"),
        auth: fc.constantFrom("off", "True"),
      }, { requiredKeys: [] }),
      subscriber: fc.record({ zmqprefixfilter: line }),
    });
    fc.assert(fc.property(written, (sections) => {
      const text = Object.entries(sections).map(([name, values]) =>
        `[${name}]\n` +
        Object.entries(values).map(([key, value]) =>
          `${key} = ${quoteIniValue(value)}\n`
        ).join("")
      ).join("");
      const files = [conf(text), local(TOKENS)];
      const first = loadConfig(role, files, SYSTEM);
      const rendered = conf(renderConfig(first));
      const second = loadConfig(role, [rendered], SYSTEM);
      deepStrictEqual(masked(second.config), masked(first.config));
      deepStrictEqual(
        second.sources.map(({ key, shown }) => [key, shown]),
        first.sources.map(({ key, shown }) => [key, shown]),
      );
    }));
  });
}

/** The configuration with no more than whether there is a token. */
function masked(config: RoleConfigs[Role]): object {
  return { ...config, token: "token" in config && config.token !== undefined };
}

Deno.test("loadConfig() lets a later file override an earlier one, key by key", () => {
  const files = [
    conf("[monitor]\nauthtoken = first\nauth = yes\nunbanhold = 1m\n"),
    local(
      "# mine\n[monitor]\nauthtoken = second\n[general]\nhostname = db_1\n",
    ),
  ];
  const { config } = loadConfig("monitor", files, SYSTEM);
  strictEqual(config.token, "second");
  strictEqual(config.unbanHoldMs, 60_000);
  strictEqual(config.general.hostName, "db_1");
  const from = origins("monitor", ...files);
  strictEqual(from["monitor.authtoken"], "a.local:3");
  strictEqual(from["monitor.auth"], "a.conf:3");
  strictEqual(from["general.hostname"], "a.local:5");
  strictEqual(from["monitor.pidfile"], "default");
});

Deno.test("loadConfig() gives the publisher's limits as they are set", () => {
  const text = `${TOKENS}[publisher]
ratelimit = 50
breaker = 20/1h
maxbans = 1000
quorum = sshd:2/10m
    nginx-*:3
`;
  // A section is not opened twice.
  const file = conf(text.replace("\n[publisher]\nratelimit", "\nratelimit"));
  const { config } = loadConfig("publisher", [file], SYSTEM);
  deepStrictEqual(config.limits, {
    maxPerSecond: 50,
    breaker: { count: 20, withinMs: 3_600_000 },
    maxReports: 1_000,
  });
  deepStrictEqual(config.quorum, [
    { pattern: "sshd", nodes: 2, withinMs: 600_000 },
    { pattern: "nginx-*", nodes: 3, withinMs: Infinity },
  ]);
});

Deno.test("loadConfig() gives what is set in the types and units of the programs", () => {
  const text = `${TOKENS}[general]
logtarget = /var/log/cluster.log
loglevel = DEBUG
syslogfacility = local3
statedir = /srv/state
minprefix4 = 16
minprefix6 = 32
ignoreip = 192.0.2.0/24 office.example.net
    2001:DB8::1
members = 198.51.100.1, db.example.net
allowprivate = yes
localunban = yes
[subscriber]
pidfile = /run/s.pid
zmqpublisherurl = tcp://[2001:db8::1]:5680
controlserver = tcp://publisher.example:5681
zmqprefixfilter = web-2|
subscriberaction = log, exec
takejails = sshd, nginx-*
ignorejails = recidive
takenodes = web*
ignorenodes = import:*
    web9
observenodes = import:new
bantime = -1
resync = 1m
maxrate = 50
jailmap = sshd = sshd
    nginx-* = web
fail2bansocket = /run/f2b.sock
fail2banprogram = /usr/bin/fail2ban-client
nfttable = fail2ban_2
execprogram = /usr/local/bin/ban
exectimeout = 3
`;
  const monitor = "fail2bandb = None\nlogformat = journal\nunbanhold = 2m\n" +
    "ignorejails = recidive, test-*\n";
  const files = [conf(text), local(`[monitor]\n${monitor}`)];
  const { general, ...subscriber } =
    loadConfig("subscriber", files, SYSTEM).config;
  deepStrictEqual(general, {
    logTarget: { kind: "file", path: "/var/log/cluster.log" },
    logLevel: "debug",
    syslogFacility: "local3",
    stateDir: "/srv/state",
    hostName: "web-1.example",
    minPrefix4Bits: 16,
    minPrefix6Bits: 32,
    ignoreIp: [
      { kind: "network", network: "192.0.2.0/24" },
      { kind: "name", name: "office.example.net" },
      { kind: "network", network: "2001:db8::1" },
    ],
    members: [
      { kind: "network", network: "198.51.100.1" },
      { kind: "name", name: "db.example.net" },
      { kind: "network", network: "2001:db8::1" },
      { kind: "name", name: "publisher.example" },
    ],
    allowPrivate: true,
    localUnban: true,
    webhook: undefined,
  });
  deepStrictEqual(subscriber, {
    pidFile: "/run/s.pid",
    ...{ httpBind: undefined, heartbeat: undefined },
    publisherUrl: "tcp://[2001:db8::1]:5680",
    protocol2: [{
      controlUrl: "tcp://publisher.example:5681",
      streamUrl: "tcp://publisher.example:5682",
    }],
    prefixFilter: "web-2|",
    actions: ["log", "exec"],
    choice: {
      takeJails: ["sshd", "nginx-*"],
      ignoreJails: ["recidive"],
      takeNodes: ["web*"],
      ignoreNodes: ["import:*", "web9"],
      observeNodes: ["import:new"],
    },
    banTimeMs: Infinity,
    resyncEveryMs: 60_000,
    maxPerSecond: 50,
    jailMap: [
      { pattern: "sshd", jail: "sshd" },
      { pattern: "nginx-*", jail: "web" },
    ],
    fail2banSocket: "/run/f2b.sock",
    fail2banProgram: "/usr/bin/fail2ban-client",
    nftTable: "fail2ban_2",
    execProgram: "/usr/local/bin/ban",
    execTimeoutMs: 3_000,
  });
  const { config } = loadConfig("monitor", files, SYSTEM);
  strictEqual(config.databasePath, undefined);
  strictEqual(config.logFormat, "journal");
  strictEqual(config.unbanHoldMs, 120_000);
  deepStrictEqual(config.ignoreJails, ["recidive", "test-*"]);
});

Deno.test("subscriberaction = none observes all that is taken, and does nothing", () => {
  const text = "[subscriber]\nsubscriberaction = none\nignorejails = sshd\n";
  const { actions, choice } = loadConfig("subscriber", [conf(text)], SYSTEM)
    .config;
  deepStrictEqual(actions, []);
  deepStrictEqual(
    choice,
    onlyObserving({ ...TAKE_ALL, ignoreJails: ["sshd"] }),
  );
});
