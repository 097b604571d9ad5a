import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { operate } from "../../support/cluster/operator.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { fillStore } from "../../support/store/filled_store.ts";
import { publishersBans } from "../../support/store/stored_tables.ts";

const BANS = 3_000;

/** A hub with bans, and nobody else. */
async function filledHub(): Promise<TestCluster> {
  const cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  await fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: [] });
  await cluster.start("publisher", "hub");
  await operate(cluster, "ban 2001:db8:7::/64 --for 2h --force");
  return cluster;
}

async function exported(cluster: TestCluster, words: string): Promise<string> {
  return await operate(cluster, `export ${words}`.trim());
}

function linesOf(text: string): string[] {
  return text.trimEnd().split("\n");
}

testWith(
  ["netns", "nftables", "ipset"],
  "nft and ipset take what export writes for them, and have just the cluster's bans then, the second time as well",
  async () => {
    await using cluster = await filledHub();
    await using namespace = await NetworkNamespace.create();
    const bans = publishersBans(cluster).sort();
    strictEqual(bans.length, BANS + 1);
    deepStrictEqual(linesOf(await exported(cluster, "")).sort(), bans);

    for (
      const [format, words] of [
        ["nft", ["nft", "-f"]],
        ["ipset", ["ipset", "restore", "-file"]],
      ] as const
    ) {
      const path = `${cluster.dir}/list.${format}`;
      const text = await exported(cluster, `--format ${format}`);
      await Deno.writeTextFile(path, text);
      const [program, ...args] = words;
      // What is there already is replaced.
      for (const _time of [1, 2]) {
        await namespace.run(program, ...args, path);
      }
    }
    const table = await namespace.run("nft", "-j", "list", "ruleset");
    const elements = table.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
    ok(bans.includes("2001:db8:7::/64") && table.includes("2001:db8:7::"));
    // Neighbours are merged: a range has two of them.
    ok(new Set(elements).size > BANS * 0.9, `${elements.length} elements`);
    const sets = linesOf(await namespace.run("ipset", "save"));
    const added = sets.flatMap((line) =>
      /^add fail2ban-cluster-[46] (\S+) timeout \d+/.exec(line)?.[1] ?? []
    );
    deepStrictEqual(added.sort(), bans);
  },
);

Deno.test("export joins networks, leaves out what is over soon, and knows no other format", async () => {
  await using cluster = await filledHub();
  for (const last of [0, 1, 2, 3]) {
    await operate(cluster, `ban 198.51.100.${last} --for 30m`);
  }
  const all = linesOf(await exported(cluster, "--jail operator"));
  deepStrictEqual(all, [
    ...[0, 1, 2, 3].map((last) => `198.51.100.${last}`),
    "2001:db8:7::/64",
  ]);
  deepStrictEqual(
    linesOf(await exported(cluster, "--jail operator --aggregate")),
    ["198.51.100.0/30", "2001:db8:7::/64"],
  );
  deepStrictEqual(
    linesOf(await exported(cluster, "--jail operator --min-left 1h")),
    ["2001:db8:7::/64"],
  );
  const [first = ""] = linesOf(
    await exported(cluster, "--jail operator --format csv --aggregate"),
  ).slice(1);
  strictEqual(first, "198.51.100.0/30,4,");
  let refusal = "";
  await exported(cluster, "--format iptables").catch((error: Error) => {
    refusal = error.message;
  });
  match(refusal, /iptables/);
});
