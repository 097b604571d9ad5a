import { deepStrictEqual } from "node:assert/strict";
import {
  ActingNodes,
  banned,
  enforcement,
  waitBanned,
} from "../../support/cluster/acting_nodes.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const JAIL = "brief";
/** Long enough for a busy machine to renew a ban within half of it. */
const BAN_SECONDS = 20;
/** As often fail2ban would have lifted the ban by then, were it not renewed. */
const TIMES = 3;
const ATTACKERS = ["203.0.113.1", "203.0.113.2"];

testWith(
  "fail2ban",
  "a ban in a jail whose ban time is shorter than the cluster's is in force all the time, also after a restart, and not longer",
  async () => {
    await using nodes = await ActingNodes.start({
      hosts: ["host-a", "host-b"],
      subscriber: { jailmap: `sshd = ${JAIL}` },
      jails: { [JAIL]: { bantime: BAN_SECONDS } },
    });
    const { fail2ban: a } = nodes.node("host-a");
    const { fail2ban: b, subscriber } = nodes.node("host-b");
    await a.client("set", "sshd", "banip", ...ATTACKERS);
    await waitBanned(b, ATTACKERS, { jail: JAIL });
    const startMs = performance.now();
    await subscriber.end("SIGTERM");
    await nodes.startSubscriber("host-b");
    const notInForce = new Set<string>();
    let looks = 0;
    await waitUntil(async () => {
      const now = await banned(b, JAIL);
      looks++;
      for (const address of ATTACKERS) {
        if (!now.includes(address)) notInForce.add(address);
      }
      return looks > TIMES &&
        performance.now() - startMs >= TIMES * BAN_SECONDS * 1_000;
    }, { what: "the time of some bans", timeoutMs: 120_000, intervalMs: 250 });
    deepStrictEqual([...notInForce], []);
    // Not for a moment: fail2ban never lifted one, and none was made anew.
    const told = (await b.messages()).filter((line) =>
      line.includes(`[${JAIL}] Ban `) || line.includes(`[${JAIL}] Unban `)
    );
    deepStrictEqual(
      told.map((line) => line.slice(line.indexOf("] ") + 2)).sort(),
      ATTACKERS.map((address) => `Ban ${address}`),
    );
    await a.client("set", "sshd", "unbanip", ...ATTACKERS);
    await waitBanned(b, [], { jail: JAIL });
    const { missing } = await enforcement(nodes, "host-b");
    deepStrictEqual(missing, 0);
  },
);
