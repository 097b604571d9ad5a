import { match, ok } from "node:assert/strict";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { operate } from "../../support/cluster/operator.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const TABLE = ["inet", "fail2ban_web1"];
const BAD = "203.0.113.7";
/** An operator hears of it within this time, in milliseconds. */
const SHOWN_MS = 60_000;

testWith(
  ["netns", "nftables"],
  "a node whose firewall was emptied by hand, and that can't mend it, is in bans --not-enforced until it can; rules that could not be made are tried again",
  async () => {
    await using namespace = await NetworkNamespace.create();
    await using cluster = await TestCluster.create({ protocol: 2 });
    const { within } = namespace;
    // An nft that lists, and changes nothing when it is told so.
    const bin = `${cluster.dir}/bin`;
    const isBroken = `${cluster.dir}/broken`;
    await Deno.mkdir(bin);
    await Deno.writeTextFile(
      `${bin}/nft`,
      `#!/bin/sh
case "$*" in
  *list*) ;;
  *) if [ -e ${isBroken} ]; then echo "Error: no more today" >&2; exit 1; fi ;;
esac
exec /usr/sbin/nft "$@"
`,
      { mode: 0o755 },
    );
    const env = { PATH: `${bin}:${Deno.env.get("PATH")}` };
    await cluster.addHost("hub", {}, { within });
    const action = { subscriberaction: "nftables" };
    for (const [host, setting] of [["web1", { env }], ["web2", {}]] as const) {
      await cluster.addHost(
        host,
        { subscriber: { ...action, nfttable: `fail2ban_${host}` } },
        { within, ...setting },
      );
    }
    await cluster.start("publisher", "hub");
    for (const host of ["web1", "web2"]) {
      await cluster.start("subscriber", host);
    }
    const shows = (words: string, expected: RegExp) =>
      waitUntil(async () => {
        const said = await operate(cluster, words);
        return expected.test(said) ? said : undefined;
      }, { what: `${expected} in ${words}`, timeoutMs: SHOWN_MS });
    await operate(cluster, `ban ${BAD}`);
    await shows("bans", new RegExp(`^${BAD} .* 2/2$`, "m"));
    ok(!(await operate(cluster, "bans --not-enforced")).includes(BAD));

    await Deno.writeTextFile(isBroken, "");
    await namespace.run("nft", "flush", "set", ...TABLE, "banned4");
    match(
      await shows("bans --not-enforced", new RegExp(`^${BAD} `, "m")),
      / 1\/2$/m,
    );
    match(await operate(cluster, `why ${BAD}`), /web1 +.*no more today/);
    await Deno.remove(isBroken);
    await shows("bans", new RegExp(`^${BAD} .* 2/2$`, "m"));

    // Its rules are gone, and nothing else changes once they can be made.
    const rules = async () =>
      (await namespace.run("nft", "list", "table", ...TABLE))
        .split("\n").some((line) => line.endsWith(" drop"));
    ok(await rules());
    const subscriber = await cluster.figures("subscriber", "web1");
    const failedBefore = Number(subscriber["nftables.comparisonsFailed"]);
    await Deno.writeTextFile(isBroken, "");
    await namespace.run("nft", "flush", "table", ...TABLE);
    await waitUntil(async () => {
      const figures = await cluster.figures("subscriber", "web1");
      const failed = Number(figures["nftables.comparisonsFailed"]);
      return failed >= failedBefore + 3;
    }, { what: "it to try again and again", timeoutMs: 30_000 });
    ok(!await rules());
    await Deno.remove(isBroken);
    await waitUntil(rules, { what: "the rules", timeoutMs: 10_000 });
  },
);
