import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { checkAction, checkOwnLog } from "../../lib/diagnosis/action_check.ts";
import {
  checkDatabase,
  checkFail2ban,
} from "../../lib/diagnosis/fail2ban_check.ts";
import {
  programCommand,
  setCommand,
} from "../../lib/diagnosis/fix_commands.ts";
import {
  checkAllowlist,
  checkClock,
  checkFollowing,
  checkHubVersion,
  checkMembership,
  checkReach,
  checkSight,
  type ReachFacts,
} from "../../lib/diagnosis/hub_check.ts";
import {
  checkActionFailures,
  checkLog,
  type LogFacts,
} from "../../lib/diagnosis/log_check.ts";
import { checkOwnAddress } from "../../lib/diagnosis/own_address_check.ts";
import { checkPublisher } from "../../lib/diagnosis/publisher_check.ts";
import {
  checkState,
  type StateFacts,
} from "../../lib/diagnosis/state_check.ts";
import { type LiveNode } from "../../lib/wire/operator_status.ts";
import { BY_HAND, SYSTEMD, texts } from "../support/diagnosis/finding_texts.ts";
import { address, host } from "../support/values/core_values.ts";

function sight(figures: Readonly<Record<string, string | number | boolean>>) {
  return { program: "fail2ban-monitor", upSeconds: 100, figures };
}

Deno.test("checkClock() tells of a clock that is off by seconds, by minutes, and of one that is right", () => {
  const said = (seconds: number | string) =>
    texts(checkClock([sight({ clockAheadSeconds: seconds })]));
  deepStrictEqual(said(10_802), [
    "fail clock: ahead of the hub's by 3 h 2 s -> timedatectl set-ntp true",
  ]);
  deepStrictEqual(said(-12), [
    "warn clock: behind the hub's by 12 s -> timedatectl set-ntp true",
  ]);
  deepStrictEqual(said(1), ["ok clock: agrees with the hub's"]);
  deepStrictEqual(said("unknown"), []);
});

Deno.test("checkHubVersion() says which of the two is to be updated", () => {
  const said = (version: string) =>
    texts(checkHubVersion([sight({ publisherVersion: version })], "0.2.0"));
  deepStrictEqual(said("0.10.0"), [
    "warn version: the hub runs 0.10.0, this host 0.2.0 -> here: install.sh upgrade",
  ]);
  deepStrictEqual(said("0.1.9"), [
    "warn version: the hub runs 0.1.9, this host 0.2.0 -> on the hub: install.sh upgrade",
  ]);
  deepStrictEqual(said("0.2.0"), []);
});

Deno.test("checkSight() gives the command that is hinted at, once for all programs", () => {
  const figures = {
    publisherTrouble: "it sets this node's reports aside",
    publisherHint:
      "fail2ban-cluster node release web9, on the publisher's host",
  };
  deepStrictEqual(texts(checkSight([sight(figures), sight(figures)])), [
    "fail hub serves: fail2ban-monitor: it sets this node's reports aside -> on the hub: fail2ban-cluster node release web9",
  ]);
  deepStrictEqual(checkSight([sight({ publisherTrouble: "none" })]), []);
});

Deno.test("checkFollowing() gives a copy some time to follow", () => {
  const figures = { publisherAnswers: true, following: false };
  strictEqual(checkFollowing(sight(figures)).length, 1);
  strictEqual(checkFollowing({ ...sight(figures), upSeconds: 3 }).length, 0);
});

const REACHED: ReachFacts = {
  option: { section: "subscriber", key: "streamserver", from: "default" },
  url: "tcp://192.0.2.10:5682",
  joinedUrl: "tcp://192.0.2.10:5682",
  cause: { kind: "encrypted" },
  expected: "encrypted",
  tookMs: 0.9,
  isHere: false,
};

Deno.test("checkReach() names both ports where all is well, and the one that does not answer", () => {
  const control = { ...REACHED, url: "tcp://192.0.2.10:5681", tookMs: 0.8 };
  const said = (...looks: readonly ReachFacts[]) =>
    texts(checkReach(looks, host("web1"), SYSTEMD));
  deepStrictEqual(said(control, REACHED), [
    "ok reach hub: 192.0.2.10:5681 in 0.8 ms, 5682 in 0.9 ms",
  ]);
  const late = {
    ...REACHED,
    cause: { kind: "unreachable", reason: "none within 2 s" },
  } as const;
  deepStrictEqual(said(control, late), [
    "fail reach hub: no answer from tcp://192.0.2.10:5682: no connection: none within 2 s, though its other port answers" +
    " -> on 192.0.2.10: nft insert rule inet filter input tcp dport 5682 accept",
  ]);
  deepStrictEqual(
    said({ ...REACHED, cause: { kind: "plain" }, expected: "plain" }),
    [
      "ok reach hub: 192.0.2.10:5682 in 0.9 ms",
    ],
  );
});

Deno.test("checkMembership() tells of another name, and of a node that speaks protocol 1", () => {
  const node = host("web1");
  const said = (facts: Parameters<typeof checkMembership>[0]) =>
    texts(checkMembership(facts, SYSTEMD));
  match(
    said({ kind: "joined", node, isOwn: false })[0] ?? "",
    /hostname = web1/,
  );
  const option = { section: "monitor", key: "controlserver", from: undefined };
  match(
    said({ kind: "unused", options: [option], url: "tcp://h:1" })[0] ?? "",
    /speaks protocol 1, .* -> printf .*controlserver = tcp:\/\/h:1/,
  );
  deepStrictEqual(said({ kind: "none" }), []);
});

Deno.test("checkFail2ban() names the socket that nobody answers at once", () => {
  const socketPath = "/var/run/fail2ban/fail2ban.sock";
  const said = (reason: string) =>
    texts(checkFail2ban({
      ...{ socketPath, isUsualSocket: true, isEnforcing: false, jails: [] },
      ...{ shippedJail: undefined, jailFile: { path: "/j", isThere: true } },
      run: { kind: "silent", reason, hint: undefined, isDenied: false },
    }, SYSTEMD));
  const gone = `fail2ban's socket ${socketPath} is not there`;
  deepStrictEqual([...said(gone), ...said("no answer in 5 s")], [
    `warn fail2ban: ${gone} -> systemctl start fail2ban`,
    `warn fail2ban: ${socketPath}: no answer in 5 s -> systemctl start fail2ban`,
  ]);
});

Deno.test("checkDatabase() says what is assumed where the database can't be read", () => {
  const path = "/var/lib/fail2ban/fail2ban.sqlite3";
  const facts = {
    ...{ path, isThere: true, isMonitors: false },
    ...{ dbfile: undefined, assumed: "10m" },
  };
  const option = { section: "monitor", key: "fail2bandb", from: undefined };
  const trouble = "unable to open database file";
  deepStrictEqual(
    texts(checkDatabase({ ...facts, trouble, option }, SYSTEMD)),
    [
      "warn fail2ban.sqlite3: not readable (unable to open database file): bans are assumed to hold 10m" +
      " -> systemctl edit fail2ban-monitor (OPERATIONS, Under systemd)",
    ],
  );
});

const LOG: LogFacts = {
  path: "/var/log/fail2ban.log",
  format: "file",
  trouble: undefined,
  ageMs: 3 * 86_400_000,
  sample: { lines: 10, unknown: 0, other: undefined },
  target: undefined,
  option: { section: "monitor", key: "logformat", from: "default" },
  client: (words) => `fail2ban-client ${words}`,
};

Deno.test("checkLog() tells of a log that is silent, and why where fail2ban says so", () => {
  const said = (facts: Partial<LogFacts>) =>
    texts(checkLog({ ...LOG, ...facts }, SYSTEMD));
  deepStrictEqual(said({}), [
    "warn fail2ban.log: /var/log/fail2ban.log was last written 3 d ago: does fail2ban log there? -> fail2ban-client get logtarget",
  ]);
  const wrong = "its logtarget is SYSLOG, and logformat is file";
  deepStrictEqual(
    said({ target: { target: "SYSLOG", level: "INFO", wrong } }),
    [
      "fail fail2ban.log: last written 3 d ago; its logtarget is SYSLOG, and logformat is file" +
      " -> fail2ban-client set logtarget /var/log/fail2ban.log",
    ],
  );
  match(
    said({ trouble: "this user may not read it" })[0] ?? "",
    /^fail .*may not read it/,
  );
  match(
    said({ sample: { lines: 9, unknown: 9, other: "syslog" } })[0] ?? "",
    /do not begin as logformat = file says -> printf .*logformat = syslog/,
  );
});

Deno.test("checkActionFailures() tells of bans that fail2ban only lists", () => {
  const said = (figures: Readonly<Record<string, number>>) =>
    texts(checkActionFailures(LOG, figures));
  deepStrictEqual(said({ actionFailures: 3 }), [
    "warn fail2ban.log: 3 times since the monitor's start an action failed of what fail2ban lists as done: the firewall may know nothing of it" +
    " -> grep 'Failed to execute' /var/log/fail2ban.log | tail -n 3",
  ]);
  deepStrictEqual(said({ actionFailures: 0 }), []);
  deepStrictEqual(said({}), []);
});

Deno.test("checkAction() compares what is in force with what the subscriber counts", () => {
  const figures = { "nftables.inForce": 12 };
  const facts = { action: "nftables", trouble: undefined };
  deepStrictEqual(
    texts(checkAction({ ...facts, found: 0 }, figures, SYSTEMD)),
    [
      "fail nftables: 0 bans are in force, and the subscriber counts 12 -> systemctl restart fail2ban-subscriber",
    ],
  );
  deepStrictEqual(
    texts(checkAction({ ...facts, found: 12 }, figures, SYSTEMD)),
    [
      "ok nftables: 12 in force",
    ],
  );
  const failing = { "exec.failing": 3, "exec.lastReason": "it ended with 1" };
  const exec = { action: "exec", trouble: undefined, found: undefined };
  match(
    texts(checkAction(exec, failing, SYSTEMD))[0] ?? "",
    /3 bans fail: it ended/,
  );
  strictEqual(
    checkOwnLog("fail2ban-monitor", { "log.lastReason": "full" }).length,
    1,
  );
});

Deno.test("checkPublisher() tells of nodes that are set aside, silent, or twice there", () => {
  const node: LiveNode = {
    node: host("web9"),
    state: "aside",
    seenAgoMs: 1_000,
    roles: [],
    accepted: 0,
    known: 0,
    refused: 0,
    reports: 0,
    aside: null,
  };
  const nodes: readonly LiveNode[] = [node, {
    ...node,
    node: host("db3"),
    state: "silent",
    seenAgoMs: 840_000,
    roles: [{
      ...{ role: "monitor", state: "silent", seenAgoMs: 840_000 },
      ...{ version: null, lag: null, condition: null, toldAgoMs: null },
      hasTwin: true,
    }],
  }];
  const said = texts(checkPublisher({
    ...{ hasKeys: true, members: 2, ports: [], tokens: undefined },
    engine: undefined,
    live: { figures: {}, storeTrouble: "", nodes, backupAgoMs: 9 * 86_400_000 },
  }, SYSTEMD));
  deepStrictEqual(said, [
    "ok keys: 2 nodes may join",
    "ok store: keeps what it is told",
    "warn backup: 9 d old -> mkdir -p /var/backups/fail2ban-cluster && fail2ban-cluster backup /var/backups/fail2ban-cluster/$(date +%F)",
    "fail node web9: its reports are set aside -> fail2ban-cluster node release web9",
    "warn node db3: another host runs with the same join code -> fail2ban-cluster node add OTHER_NAME",
    "warn node db3: silent for 14 min -> on db3: fail2ban-cluster doctor",
  ]);
});

const STATE: StateFacts = {
  path: "/var/lib/fail2ban-cluster",
  owner: "fail2ban-cluster",
  serviceUser: "fail2ban-cluster",
  unwritable: undefined,
  isOurs: true,
  freeBytes: 12 * 2 ** 30,
  strangers: [],
  troubles: [],
  aside: [],
};

Deno.test("checkState() tells whose the folder has to be, and how much room there is", () => {
  const said = (facts: Partial<StateFacts>) =>
    texts(checkState({ ...STATE, ...facts }, SYSTEMD));
  deepStrictEqual(said({}), [
    "ok state: /var/lib/fail2ban-cluster, fail2ban-cluster's, 12 GiB free",
  ]);
  deepStrictEqual(said({ owner: "root" }), [
    "fail state: /var/lib/fail2ban-cluster belongs to root, and the services run as fail2ban-cluster" +
    " -> chown -R fail2ban-cluster: /var/lib/fail2ban-cluster",
  ]);
  match(
    said({ freeBytes: 1 << 20 })[0] ?? "",
    /^warn disk: .* has 1\.0 MiB left/,
  );
  match(
    said({ unwritable: "permission denied", isOurs: false })[0] ?? "",
    /^warn state: .* -> sudo fail2ban-cluster doctor$/,
  );
});

Deno.test("checkOwnAddress() and checkAllowlist() tell what the allowlist lacks", () => {
  const own = {
    address: address("203.0.113.9"),
    rule: undefined,
    isHub: false,
  };
  match(
    texts(checkOwnAddress(own, SYSTEMD))[0] ?? "",
    /on the hub: fail2ban-cluster allow add 203\.0\.113\.9$/,
  );
  strictEqual(
    checkOwnAddress({ ...own, rule: "allowlist" }, SYSTEMD)[0]?.state,
    "ok",
  );
  strictEqual(checkAllowlist({ kept: 1, hubs: 2 }, SYSTEMD).length, 1);
  strictEqual(checkAllowlist({ kept: undefined, hubs: 2 }, SYSTEMD).length, 0);
});

Deno.test("fixes name the configuration that was named, and edit the line that is there", () => {
  const named = { ...BY_HAND, namedConfig: "/srv/a b.conf" };
  strictEqual(
    programCommand(named, "fail2ban-monitor", "start"),
    "fail2ban-monitor start --config '/srv/a b.conf'",
  );
  const option = {
    section: "general",
    key: "hostname",
    from: `${SYSTEMD.localPath}:7`,
  };
  strictEqual(
    setCommand(SYSTEMD, option, "web1"),
    `sed -i '7s|.*|hostname = web1|' ${SYSTEMD.localPath}`,
  );
});
