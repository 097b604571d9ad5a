import { strictEqual } from "node:assert/strict";
import {
  scrapeWithin,
  tryAlerts,
  type Watched,
} from "../../support/cluster/alert_rules.ts";
import { operate } from "../../support/cluster/operator.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const BAD = ["203.0.113.7", "203.0.113.8"] as const;
const URL = "http://127.0.0.1:9682";

/** An nft that lists, and changes nothing while a file is there. */
const nftUnless = (isBroken: string) =>
  `#!/bin/sh
case "$*" in
  *list*) ;;
  *) if [ -e ${isBroken} ]; then echo "Error: no more today" >&2; exit 1; fi ;;
esac
exec /usr/sbin/nft "$@"
`;

testWith(
  ["netns", "nftables", "promtool"],
  "a firewall that was flushed fires its alert while it can't be filled again, and none once it is",
  async () => {
    await using namespace = await NetworkNamespace.create();
    await using cluster = await TestCluster.create({ protocol: 2 });
    const { within } = namespace;
    const isBroken = `${cluster.dir}/broken`;
    await Deno.mkdir(`${cluster.dir}/bin`);
    const nft = nftUnless(isBroken);
    await Deno.writeTextFile(`${cluster.dir}/bin/nft`, nft, { mode: 0o755 });
    const env = { PATH: `${cluster.dir}/bin:${Deno.env.get("PATH")}` };
    await cluster.addHost("hub", {}, { within });
    await cluster.addHost(
      "web1",
      { subscriber: { subscriberaction: "nftables", httpbindurl: URL } },
      { within, env },
    );
    await cluster.start("publisher", "hub");
    await cluster.start("subscriber", "web1");
    /** What is told twice once so many bans are in force. */
    const watch = async (inForce: number): Promise<Watched> => {
      const key = 'f2bc_subscriber_bans{action="nftables",state="in_force"}';
      const first = await waitUntil(async () => {
        const now = await scrapeWithin(namespace, URL);
        return now.values?.get(key) === inForce ? now : undefined;
      }, {
        what: `${inForce} bans in force`,
        timeoutMs: 60_000,
        intervalMs: 200,
      });
      return { instance: "web1", first, second: first };
    };
    for (const each of BAD) await operate(cluster, `ban ${each}`);
    const filled = await watch(BAD.length);

    await Deno.writeTextFile(isBroken, "");
    await namespace.run("nft", "flush", "ruleset");
    const flushed = await watch(0);
    await Deno.remove(isBroken);
    const mended = await watch(BAD.length);
    const minutes = 15;
    strictEqual(
      await tryAlerts([
        { alert: undefined, minutes, watched: [filled] },
        { alert: "F2bcNotEnforced", minutes, watched: [flushed] },
        { alert: undefined, minutes, watched: [mended] },
      ]),
      "",
    );
  },
);
