import { deepStrictEqual, ok } from "node:assert/strict";
import {
  ActingNodes,
  banned,
  waitBanned,
} from "../../support/cluster/acting_nodes.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { historyOfBans } from "../../support/store/stored_tables.ts";

const HOSTS = ["host-a", "host-b"];
const NETWORK = "2001:db8:7::/64";
const OF_NETWORK = [1, 2, 3].map((at) => `2001:db8:7::${at}`);
const SSHD = { jail: "sshd" };
const OTHER = "203.0.113.9";

for (const protocol of [1, 2] as const) {
  testWith(
    "fail2ban",
    `by protocol ${protocol}: a network that the cluster bans in the host's own jail is none of the host's reports`,
    async () => {
      await using nodes = await ActingNodes.start({
        hosts: HOSTS,
        protocol,
        subscriber: { jailmap: "sshd = sshd" },
      });
      const [a, b] = HOSTS.map((host) => nodes.node(host).fail2ban);
      ok(a && b);
      await a.client("set", "sshd", "banip", ...OF_NETWORK);
      await waitBanned(b, [NETWORK, ...OF_NETWORK], SSHD);
      await waitBanned(a, [NETWORK, ...OF_NETWORK], SSHD);
      const [first = "", ...others] = OF_NETWORK;
      await a.client("set", "sshd", "unbanip", first);
      await waitBanned(b, others, SSHD);
      await waitBanned(a, others, SSHD);
      // Whatever were to come back would come before this one does.
      await b.client("set", "sshd", "banip", OTHER);
      await waitBanned(a, [...others, OTHER], SSHD);
      deepStrictEqual(await banned(a), []);
      deepStrictEqual(historyOfBans(nodes.cluster), [
        ...OF_NETWORK.map((each) => `report ${each} host-a`),
        `report ${NETWORK} widened`,
        `withdraw ${first} host-a`,
        `withdraw ${NETWORK} widened`,
        `report ${OTHER} host-b`,
      ]);
    },
  );
}
