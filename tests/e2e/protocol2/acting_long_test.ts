import { deepStrictEqual, ok } from "node:assert/strict";
import {
  ActingNodes,
  banned,
  waitBanned,
} from "../../support/cluster/acting_nodes.ts";
import { testAddress } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { historyOfBans } from "../../support/store/stored_tables.ts";
import { report } from "../../support/bench/tally.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const MANY = 100;

testWith(
  "fail2ban",
  "case 6 by protocol 2: a subscriber killed over and over while fail2ban applies bans: each is applied, and none is reported back",
  async () => {
    await using nodes = await ActingNodes.start({
      hosts: ["host-a", "host-b"],
      protocol: 2,
    });
    const a = nodes.node("host-a").fail2ban;
    const b = nodes.node("host-b").fail2ban;
    const sent = Array.from({ length: MANY }, (_, at) => testAddress(at));
    const banning = a.client("set", "sshd", "banip", ...sent);
    let kills = 0;
    while ((await banned(b)).length < MANY) {
      await nodes.node("host-b").subscriber.end("SIGKILL");
      kills++;
      const before = (await banned(b)).length;
      await nodes.startSubscriber("host-b");
      await waitUntil(
        async () => (await banned(b)).length > before || before === MANY,
        { what: "another ban", timeoutMs: 30_000, intervalMs: 20 },
      );
    }
    await banning;
    await waitBanned(b, sent);
    const stored = historyOfBans(nodes.cluster);
    report("killed while it applies", {
      kills,
      sent: sent.length,
      applied: (await banned(b)).length,
      stored: stored.length,
    });
    // An echo would be another host's.
    deepStrictEqual(
      stored.sort(),
      sent.map((each) => `report ${each} host-a`).sort(),
    );
    ok(kills > 0);
  },
);
