import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import TEST_SCHEMA from "../../../docs/schemas/test.json" with {
  type: "json",
};
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import {
  ruleset,
  tableOf,
  waitInForce,
} from "../../support/enforce/drilled_hosts.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { schemaFaults } from "../../support/values/json_schemas.ts";

/** What differs from run to run. */
function steady(text: string): string {
  return text.replace(/\d+\.\d ms/g, "N ms").replace(/\d+ ms$/gm, "N ms");
}

testWith(
  ["netns", "nftables"],
  "test --with-firewall has each node ban for 5 s, look and lift, and leaves every firewall as it was",
  async () => {
    await using namespace = await NetworkNamespace.create();
    const nftables = (host: string) => ({
      subscriber: { subscriberaction: "nftables", nfttable: tableOf(host) },
    });
    await using operated = await OperatedCluster.start({
      hosts: ["web1", "web2", "db1"],
      within: namespace.within,
      settings: {
        web1: nftables("web1"),
        web2: nftables("web2"),
        db1: { subscriber: { subscriberaction: "log" } },
      },
    });
    const { cluster } = operated;
    const standing = await operated.say("ban", "203.0.113.7", "--for=-1");
    strictEqual(standing.code, 0, standing.err);
    await waitInForce(namespace, "web1", "203.0.113.7");
    await waitInForce(namespace, "web2", "203.0.113.7");
    const before = await ruleset(namespace);
    const seqBefore = (await cluster.figures("publisher", "hub"))["seq"];

    const drilling = operated.say("test", "--with-firewall");
    await Promise.all(
      ["web1", "web2"].map((host) => waitInForce(namespace, host, "192.0.2.1")),
    );
    const again = await operated.say("test");
    match(again.err, /error: a test is under way\n.*hint: /s);
    const drilled = await drilling;
    strictEqual(drilled.code, 0, drilled.err);
    deepStrictEqual(steady(drilled.out).split("\n"), [
      "fire drill with 192.0.2.1, each node bans it for 5 s",
      "hub     accepted and stored                   N ms",
      "hub     never connected",
      "web1    heard, rules agree                    N ms",
      "        nftables: banned, seen, lifted, gone  in force after N ms",
      "web2    heard, rules agree                    N ms",
      "        nftables: banned, seen, lifted, gone  in force after N ms",
      "db1     heard, rules agree                    N ms, observes only",
      "        nothing was banned: no action here keeps bans in force",
      "3 nodes answered",
    ]);
    strictEqual(await ruleset(namespace), before);

    // It was no ban of the cluster, and is in the audit.
    strictEqual(
      (await cluster.figures("publisher", "hub"))["seq"],
      seqBefore,
    );
    match(
      (await operated.say("why", "192.0.2.1")).out,
      /^192\.0\.2\.1 is not banned\./,
    );
    match(
      (await operated.say("audit")).out,
      /test +192\.0\.2\.1 +with the firewall of 3 nodes/,
    );

    // Nobody's ban is lifted for a drill, and nobody's address is banned for one.
    for (
      const [address, why] of [
        ["203.0.113.7", /error: 203\.0\.113\.7 is banned/],
        ["198.18.0.1", /error: 198\.18\.0\.1 may be a real host/],
        ["127.0.0.1", /error: 127\.0\.0\.1 may be a real host/],
      ] as const
    ) {
      const options = ["--with-firewall", "--address", address];
      const refused = await operated.say("test", ...options);
      strictEqual(refused.code, 4);
      match(refused.err, why);
    }
    const sixth = await operated.say(
      ...["test", "--with-firewall", "--node", "web1", "--json"] as const,
      ...["--address", "2001:db8::1"] as const,
    );
    const tested = JSON.parse(sixth.out);
    deepStrictEqual(schemaFaults(TEST_SCHEMA, tested), []);
    const [{ drill }] = tested.nodes;
    const [{ name, outcome, isSeen }] = drill.actions;
    deepStrictEqual([name, outcome, isSeen], ["nftables", "restored", true]);
    strictEqual(await ruleset(namespace), before);
  },
);
