import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { SystemHostNetwork } from "../../../lib/protection/io/host_network.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import {
  appendLog,
  banLine,
  unbanLine,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { startPeer } from "../../support/cluster/python_peer.ts";
import { bytes, RawClient } from "../../support/cluster/raw_client.ts";
import { testWith } from "../../support/host/real_parts.ts";
import {
  heard,
  relayed,
  withoutResends,
} from "../../support/cluster/role_output.ts";
import {
  type Sections,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** Nobody has this address; it shows that everything before it was dealt with. */
const ATTACKER = "203.0.113.250";
/** Members of the cluster, and what must never be banned besides. */
const MEMBER = "203.0.113.77";
const IGNORED = "203.0.113.128/26";
/** A start waits three seconds at most for names; this allows for what goes with it. */
const MAX_LOOK_UP_MS = 6_000;

const SETTINGS: Sections = {
  general: {
    // localhost is a name that every host can look up.
    members: `${MEMBER} localhost`,
    ignoreip: IGNORED,
  },
};

/** An address that may not be banned, and the rule. */
type Protected = readonly [target: string, rule: string];

/** What no role may ban on this machine. */
async function protectedHere(): Promise<readonly Protected[]> {
  const { own, gateways } = await new SystemHostNetwork().read();
  const isOrdinary = (address: string) =>
    !address.startsWith("127.") && !/^(?:::1$|fe[89ab])/.test(address);
  const ownAddresses = own?.filter(isOrdinary) ?? [];
  const gateway = gateways?.find(isOrdinary);
  return [
    ...ownAddresses.slice(0, 2).map((address): Protected => [
      address,
      "own-address",
    ]),
    ...(gateway === undefined ? [] : [[gateway, "gateway"] as const]),
    ["127.0.0.1", "loopback"],
    ["0.0.0.0/0", "unspecified"],
    [MEMBER, "member"],
    ["203.0.113.0/25", "member"],
    ["203.0.113.130", "ignoreip"],
    ["192.168.255.253", "private"],
  ];
}

/** What a role says of each refusal: the address and the rule. */
function refusals(lines: readonly string[], pattern: RegExp): string[] {
  return lines.flatMap((line) => {
    const [, address, rule] = pattern.exec(line) ?? [];
    return address === undefined ? [] : [`${address} ${rule}`];
  });
}

function expected(targets: readonly Protected[]): string[] {
  return targets.map(([target, rule]) => `${target} ${rule}`);
}

Deno.test("the publisher refuses to ban this host, its gateway, a member and the rest, whoever reports it, and lets them be unbanned", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub", SETTINGS);
  const publisher = await cluster.start("publisher", "hub");
  await using client = new RawClient(cluster.replyUrl);
  const ask = async (origin: string, action: string, target: string) => {
    const report = `${origin}|sshd|${action}|${target}`;
    await client.request(bytes(`${cluster.token}|${report}`));
    return await client.reply() === report;
  };
  const targets = await protectedHere();
  for (const [index, [target]] of targets.entries()) {
    const origin = index % 2 === 0 ? "host-a" : "hub";
    strictEqual(await ask(origin, "Ban", target), false, target);
  }
  for (const [target] of targets) {
    strictEqual(await ask("host-a", "Unban", target), true, target);
  }
  strictEqual(await ask("host-a", "Ban", ATTACKER), true);
  // The reply may be here before the line is.
  await waitUntil(() => relayed(publisher).length > 0, {
    what: "the publisher's line",
  });
  deepStrictEqual(relayed(publisher), [ATTACKER]);
  deepStrictEqual(
    refusals(publisher.stderr, /detail="(\S+) from \S+: (\S+) \(/),
    expected(targets),
  );
});

testWith(
  "pyzmq",
  "the subscriber refuses to ban this host, its gateway, a member and the rest, whatever a publisher broadcasts, and lets them be unbanned",
  async () => {
    await using cluster = await TestCluster.create();
    await cluster.addHost("host-b", SETTINGS);
    await using pub = startPeer("pub_server", cluster.broadcastUrl);
    await pub.waitForLine(/listening/);
    const subscriber = await cluster.start("subscriber", "host-b");
    await waitUntil(async () => {
      await pub.writeLine("probe|sshd|Unban|203.0.113.251");
      return heard(subscriber).length > 0;
    }, { what: "the subscription", intervalMs: 50 });
    const targets = await protectedHere();
    for (const [target] of targets) {
      await pub.writeLine(`host-a|sshd|Ban|${target}`);
    }
    for (const [target] of targets) {
      await pub.writeLine(`host-a|sshd|Unban|${target}`);
    }
    await pub.writeLine(`host-a|sshd|Ban|${ATTACKER}`);
    await subscriber.waitForLine(/\|Ban\|203\.0\.113\.250$/);
    deepStrictEqual(
      heard(subscriber).filter((message) => !message.startsWith("probe|")),
      [
        ...targets.map(([target]) => `host-a|sshd|Unban|${target}`),
        `host-a|sshd|Ban|${ATTACKER}`,
      ],
    );
    const said = /refused a protected address .*address=(\S+) rule=(\S+)/;
    deepStrictEqual(refusals(subscriber.stderr, said), expected(targets));
  },
);

testWith(
  "pyzmq",
  "the monitor doesn't report a ban of this host, its gateway, a member and the rest, and reports their unbans",
  async () => {
    await using cluster = await TestCluster.create();
    await cluster.addHost("host-a", SETTINGS);
    const log = cluster.logPath("host-a");
    await appendLog(log, "");
    await using rep = startPeer("rep_server", cluster.replyUrl, cluster.token);
    await rep.waitForLine(/listening/);
    const monitor = await cluster.start("monitor", "host-a");
    const targets = await protectedHere();
    for (const [target] of targets) {
      await appendLog(log, banLine("sshd", target));
    }
    const said = /protected address not reported .*address=(\S+) rule=(\S+)/;
    await waitUntil(
      () => refusals(monitor.stderr, said).length >= targets.length,
      { what: "every refusal" },
    );
    deepStrictEqual(refusals(monitor.stderr, said), expected(targets));
    for (const [target] of targets) {
      await appendLog(log, unbanLine("sshd", target));
    }
    await appendLog(log, banLine("sshd", ATTACKER));
    const reports = () => withoutResends(rep.stdout.slice(1));
    await waitUntil(() => reports().length > targets.length, {
      what: "the reports",
    });
    deepStrictEqual(
      reports().toSorted(),
      [
        `host-a|sshd|Ban|${ATTACKER}`,
        ...targets.map(([target]) => `host-a|sshd|Unban|${target}`),
      ].toSorted(),
    );
  },
);

Deno.test("every role is ready within seconds though a name has no answer, and tells that it has none", async () => {
  await using cluster = await TestCluster.create();
  await using plain = await TestCluster.create();
  for (
    const [each, members] of [
      [cluster, "localhost nobody.invalid"],
      [plain, "localhost"],
    ] as const
  ) {
    const general = { members, ignoreip: "::1" };
    await each.addHost("host-a", { general });
    await appendLog(each.logPath("host-a"), "");
  }
  for (const role of ["publisher", "subscriber", "monitor"] as const) {
    const startedMs = performance.now();
    const started = async (where: TestCluster) => {
      const program = await where.start(role, "host-a");
      return { program, tookMs: performance.now() - startedMs };
    };
    const [{ program, tookMs }, { tookMs: plainMs }] = await Promise.all([
      started(cluster),
      started(plain),
    ]);
    // The one beside it, which looks up no such name, shows the machine's share.
    const limitMs = MAX_LOOK_UP_MS + 3 * plainMs;
    ok(tookMs < limitMs, `${role} took ${tookMs} ms, not ${limitMs}`);
    const told = program.stderr.filter((line) => line.includes("not resolved"));
    strictEqual(told.length, 1, told.join("\n"));
    match(told[0] ?? "", /WARNING: .*name=nobody\.invalid .*=nothing$/);
    const { unresolvedNames } = await cluster.figures(role, "host-a");
    strictEqual(unresolvedNames, 1);
  }
});

Deno.test("a list with a bad entry is refused before anything starts", async () => {
  await using cluster = await TestCluster.create();
  for (const key of ["ignoreip", "members"]) {
    await cluster.addHost(key, { general: { [key]: "192.0.2.1 192.0.2.256" } });
    await using child: ChildProcess = cluster.spawn("publisher", key, "run");
    strictEqual((await child.ended).code, 3);
    match(
      child.stderr.join("\n"),
      new RegExp(
        `general\\.${key} = 192\\.0\\.2\\.1 192\\.0\\.2\\.256: expected`,
      ),
    );
  }
});
