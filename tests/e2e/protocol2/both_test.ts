import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  appendLog,
  banLine,
  bansOf,
  unbanLine,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { startPeer } from "../../support/cluster/python_peer.ts";
import { isInstalled, testWith } from "../../support/host/real_parts.ts";
import { heard, withoutResends } from "../../support/cluster/role_output.ts";
import {
  copysBans,
  history,
  publishersBans,
  waitCopy,
} from "../../support/store/stored_tables.ts";
import { report, tally } from "../../support/bench/tally.ts";
import {
  type Sections,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const DEADLINE_MS = 30_000;
const EACH = 100;

/** What the sections of a host say that speaks protocol 2, in a cluster of protocol 1. */
function second({ controlUrl, streamUrl }: TestCluster): Sections {
  return {
    monitor: { controlserver: controlUrl, bantime: "1h" },
    subscriber: { controlserver: controlUrl, streamserver: streamUrl },
  };
}

/** `old-*` speak protocol 1, `new-*` protocol 2. */
async function newCluster(): Promise<TestCluster> {
  const cluster = await TestCluster.create();
  for (const host of ["hub", "old-a", "old-b"]) await cluster.addHost(host);
  for (const host of ["new-a", "new-b"]) {
    await cluster.addHost(host, second(cluster));
  }
  for (const host of ["old-a", "new-a"]) {
    await appendLog(cluster.logPath(host), "");
  }
  return cluster;
}

async function waitSent(
  subscriber: ChildProcess,
  count: number,
): Promise<readonly string[]> {
  return await waitUntil(() => {
    const lines = withoutResends(heard(subscriber))
      .filter((line) => !line.includes("|probe|"));
    return lines.length >= count && lines;
  }, { what: `${count} lines`, timeoutMs: DEADLINE_MS });
}

/** Nothing tells that a subscription of protocol 1 has arrived, but a message that comes. */
async function waitSubscribed(
  cluster: TestCluster,
  hears: () => boolean,
): Promise<void> {
  let probes = 0;
  await waitUntil(async () => {
    const line = banLine("probe", `203.0.113.${++probes % 250 + 1}`);
    await appendLog(cluster.logPath("old-a"), line);
    return hears();
  }, { what: "subscriptions", timeoutMs: DEADLINE_MS, intervalMs: 100 });
}

testWith(
  "pyzmq",
  "monitors and subscribers of both protocols, pyzmq among them, share one table",
  async () => {
    await using cluster = await newCluster();
    await cluster.start("publisher", "hub");
    const oldB = await cluster.start("subscriber", "old-b");
    const newB = await cluster.start("subscriber", "new-b");
    await cluster.start("monitor", "old-a");
    await cluster.start("monitor", "new-a");
    await using sub = startPeer("sub_client", cluster.broadcastUrl);
    await sub.waitForLine(/listening/);
    await using req = startPeer("req_client", cluster.replyUrl);
    await waitSubscribed(
      cluster,
      () =>
        [oldB, newB].every((each) => heard(each).length > 0) &&
        sub.stdout.length > 1,
    );

    const [first, last, third] = [0, EACH, 2 * EACH].map((from) =>
      bansOf(from, from + EACH)
    );
    if (!first || !last || !third) throw new Error("Never");
    await appendLog(cluster.logPath("old-a"), first.text);
    await appendLog(cluster.logPath("new-a"), last.text);
    for (const address of third.sent) {
      const request = `${cluster.token}|python|sshd|Ban|${address}`;
      const answered = req.stdout.length;
      await req.writeLine(request);
      await waitUntil(() => req.stdout.length > answered, { what: "a reply" });
    }
    const sent = [
      ...first.sent.map((each) => `old-a|sshd|Ban|${each}`),
      ...last.sent.map((each) => `new-a|sshd|Ban|${each}`),
      ...third.sent.map((each) => `python|sshd|Ban|${each}`),
    ];
    const python = await waitUntil(() => {
      const lines = withoutResends(
        sub.stdout.filter((line) => line.includes("|sshd|")),
      );
      return lines.length >= sent.length && lines;
    }, { what: "all at pyzmq", timeoutMs: DEADLINE_MS });
    const stations = {
      "protocol 1": await waitSent(oldB, sent.length),
      "protocol 2": await waitSent(newB, sent.length),
      pyzmq: python,
    };
    for (const [name, lines] of Object.entries(stations)) {
      report(`heard by ${name}`, tally(sent, lines));
      deepStrictEqual([...lines].sort(), [...sent].sort());
    }
    const table = publishersBans(cluster);
    await waitCopy(cluster, "new-b", table);
    strictEqual(
      table.filter((each) => each.startsWith("198.18.")).length,
      sent.length,
    );
  },
);

Deno.test("a subscriber of protocol 2 whose publisher speaks protocol 1 only, or is away, does not fall back", async () => {
  await using cluster = await newCluster();
  const subscriber = await cluster.start("subscriber", "new-b");
  const publisher = await cluster.start("publisher", "hub");
  await cluster.start("monitor", "new-a");
  await appendLog(cluster.logPath("new-a"), banLine("sshd", "203.0.113.1"));
  await waitSent(subscriber, 1);
  await publisher.end();
  // A publisher of protocol 1 takes the place of the one that is gone.
  if (!isInstalled("pyzmq")) return;
  await using pub = startPeer("pub_server", cluster.broadcastUrl);
  await pub.waitForLine(/listening/);
  const old = await cluster.start("subscriber", "old-b");
  let said = 0;
  await waitUntil(async () => {
    await pub.writeLine(`old-a|sshd|Ban|203.0.113.${100 + ++said % 100}`);
    return heard(old).length > 0;
  }, {
    what: "protocol 1 to be heard by who speaks it",
    timeoutMs: DEADLINE_MS,
    intervalMs: 50,
  });
  await subscriber.waitForLine(/publisher's stream is silent/, DEADLINE_MS);
  const { protocol, following, publisherAnswers, bans } = await waitUntil(
    async () => {
      const figures = await cluster.figures("subscriber", "new-b");
      return figures["following"] === false && figures;
    },
    { what: "a copy that follows nobody", timeoutMs: DEADLINE_MS },
  );
  report("without its publisher", {
    protocol,
    following,
    publisherAnswers,
    bans,
  });
  deepStrictEqual([protocol, following, bans], [2, false, 1]);
  deepStrictEqual(heard(subscriber), ["new-a|sshd|Ban|203.0.113.1"]);
});

Deno.test("case 18: two report the same address; it stays until the second takes it back, whatever protocol they speak", async () => {
  await using cluster = await newCluster();
  await cluster.start("publisher", "hub");
  const oldB = await cluster.start("subscriber", "old-b");
  const newB = await cluster.start("subscriber", "new-b");
  await cluster.start("monitor", "old-a");
  await cluster.start("monitor", "new-a");
  await waitSubscribed(cluster, () => heard(oldB).length > 0);
  const address = "203.0.113.251";
  const say = async (host: string, line: string, changes: number) => {
    await appendLog(cluster.logPath(host), line);
    await waitUntil(() => of(history(cluster)).length === changes, {
      what: `change ${changes}`,
      timeoutMs: DEADLINE_MS,
      intervalMs: 20,
    });
  };
  const of = (lines: readonly string[]) =>
    lines.filter((line) => line.includes(address));
  await say("old-a", banLine("sshd", address), 1);
  await say("new-a", banLine("sshd", address), 2);
  await say("old-a", unbanLine("sshd", address), 3);
  deepStrictEqual(of(publishersBans(cluster)), [address]);
  await waitCopy(cluster, "new-b", publishersBans(cluster), DEADLINE_MS);
  await waitUntil(async () => {
    const figures = await cluster.peek("subscriber", "new-b");
    return figures?.["seq"] === history(cluster).length;
  }, { what: "the copy", timeoutMs: DEADLINE_MS });
  deepStrictEqual(of(copysBans(cluster, "new-b")), [address]);
  await say("new-a", unbanLine("sshd", address), 4);
  await waitUntil(() => of(copysBans(cluster, "new-b")).length === 0, {
    what: "the end of the ban",
    timeoutMs: DEADLINE_MS,
    intervalMs: 20,
  });
  await newB.waitForLine(/new-a\|sshd\|Unban\|203\.0\.113\.251$/);
  await oldB.waitForLine(/new-a\|sshd\|Unban\|203\.0\.113\.251$/);
  report("two reports", { stored: of(history(cluster)).join("; ") });
  report("heard by protocol 1", { lines: of(heard(oldB)).join("; ") });
  report("heard by protocol 2", { lines: of(heard(newB)).join("; ") });
  deepStrictEqual(of(publishersBans(cluster)), []);
  deepStrictEqual(of(history(cluster)), [
    `report ${address} old-a`,
    `report ${address} new-a`,
    `withdraw ${address} old-a`,
    `withdraw ${address} new-a`,
  ]);
});
