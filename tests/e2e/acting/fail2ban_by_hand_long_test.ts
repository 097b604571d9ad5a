import { ok } from "node:assert/strict";
import {
  ActingNodes,
  enforcement,
  waitBanned,
} from "../../support/cluster/acting_nodes.ts";
import { testWith } from "../../support/host/real_parts.ts";

testWith(
  "fail2ban",
  "what is taken out of fail2ban by hand is back after the next command, and what is put in is gone",
  async () => {
    await using nodes = await ActingNodes.start({
      hosts: ["host-a", "host-b"],
    });
    const a = nodes.node("host-a").fail2ban;
    const b = nodes.node("host-b").fail2ban;
    await a.client("set", "sshd", "banip", "203.0.113.1");
    await a.client("set", "sshd", "banip", "203.0.113.2");
    await waitBanned(b, ["203.0.113.1", "203.0.113.2"]);

    await b.client("set", "fail2bancluster", "unbanip", "203.0.113.1");
    await b.client("set", "fail2bancluster", "banip", "203.0.113.9");
    await a.client("set", "sshd", "banip", "203.0.113.3");
    await waitBanned(b, ["203.0.113.1", "203.0.113.2", "203.0.113.3"]);

    await b.client("unban", "--all");
    await a.client("set", "sshd", "unbanip", "203.0.113.2");
    await waitBanned(b, ["203.0.113.1", "203.0.113.3"]);
    const { missing, surplus } = await enforcement(nodes, "host-b");
    ok(Number(missing) >= 2 && Number(surplus) >= 1, `${missing} ${surplus}`);
  },
);
