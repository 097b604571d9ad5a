import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import { operate } from "../../support/cluster/operator.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const HOSTS = ["web1", "web2"];
const NETWORK = "2001:db8:7::/64";
const OF_NETWORK = [1, 2, 3].map((at) => `2001:db8:7::${at}`);

/** The elements of a host's sets of IPv6, in one network with the others. */
async function elements(
  namespace: NetworkNamespace,
  host: string,
): Promise<readonly string[]> {
  const table = ["table", "inet", tableOf(host)];
  const said = await namespace.run("nft", "-j", "list", ...table);
  const sets: readonly NftSet[] = JSON.parse(said).nftables.flatMap(
    (each: { readonly set?: NftSet }) => each.set ?? [],
  );
  return sets.filter(({ name }) => name.startsWith("banned6"))
    .flatMap(({ name, elem = [] }) =>
      elem.map(({ elem: { val } }) => {
        const bits = /_(\d+)$/.exec(name)?.[1];
        return bits === undefined ? val : `${val}/${bits}`;
      })
    ).sort();
}

interface NftSet {
  readonly name: string;
  readonly elem?: readonly { readonly elem: { readonly val: string } }[];
}

function tableOf(host: string): string {
  return `fail2ban_${host}`;
}

testWith(
  ["netns", "nftables"],
  "the network of three banned addresses is in nftables, not on the host that protects one of its addresses; it is lifted with one of them",
  async () => {
    await using namespace = await NetworkNamespace.create();
    await using cluster = await TestCluster.create({
      protocol: 2,
      pace: PATIENT_PACE,
    });
    const { within } = namespace;
    await cluster.addHost("hub", {}, { within });
    for (const host of HOSTS) {
      await cluster.addHost(host, {
        general: host === "web2" ? { ignoreip: "2001:db8:7::dead" } : {},
        subscriber: {
          subscriberaction: "nftables",
          nfttable: tableOf(host),
        },
      }, { within });
    }
    // One that only reports.
    await cluster.addHost("db1", {}, { within });
    await appendLog(cluster.logPath("db1"), "");
    const hub = await cluster.start("publisher", "hub");
    for (const host of HOSTS) await cluster.start("subscriber", host);
    await cluster.start("monitor", "db1");
    const becomes = (host: string, expected: readonly string[]) =>
      waitUntil(async () => {
        const found = await elements(namespace, host);
        return found.join(" ") === expected.join(" ") ? found : undefined;
      }, {
        what: `${expected.join(" ")} on ${host}`,
        timeoutMs: 15_000,
        intervalMs: 100,
      });

    const lines = OF_NETWORK.map((whom) => banLine("sshd", whom));
    await appendLog(cluster.logPath("db1"), lines.join(""));
    await becomes("web1", [NETWORK, ...OF_NETWORK].sort());
    await becomes("web2", OF_NETWORK);
    const why = await waitUntil(async () => {
      const said = await operate(cluster, "why 2001:db8:7::9");
      return said.includes("refused") ? said : undefined;
    }, { what: "the receipts", timeoutMs: 15_000, intervalMs: 100 });
    match(why, /^2001:db8:7::9 is banned, with 2001:db8:7::\/64, /);
    match(why, /\n {2}reported {3}widened {2}sshd {2}2001:db8:7::\/64 {2}/);
    match(
      why,
      /\n {2}widened {4}2001:db8:7::\/64 in sshd: 3 of its addresses are banned, 3 are enough:\n {13}2001:db8:7::1 2001:db8:7::2 2001:db8:7::3\n/,
    );
    match(why, /\n {2}enforced {3}1 node \(nftables 1\)\n/);
    match(why, /\n {2}refused {4}web2 {2}ignoreip has 2001:db8:7::dead\n/);
    const known = JSON.parse(await operate(cluster, `why ${NETWORK} --json`));
    deepStrictEqual(known.bans[0].widened, {
      after: 3,
      members: 3,
      some: OF_NETWORK,
    });

    // A restart changes nothing, and the allowlist is stronger.
    await hub.end("SIGTERM");
    await cluster.start("publisher", "hub");
    await operate(cluster, "allow add 2001:db8:7::beef");
    await becomes("web1", OF_NETWORK);
    const free = await operate(cluster, `why ${NETWORK}`);
    match(free, /; lifted by the allowlist\n/);
    match(free, /\n {2}refused {4}allowlist has 2001:db8:7::beef: /);
    await operate(cluster, "allow remove 2001:db8:7::beef");
    const later = "2001:db8:7::4";
    await appendLog(cluster.logPath("db1"), banLine("sshd", later));
    await becomes("web1", [NETWORK, ...OF_NETWORK, later].sort());

    const said = await operate(cluster, `unban ${later} --json`);
    deepStrictEqual(JSON.parse(said).around, [NETWORK]);
    await becomes("web1", [NETWORK, ...OF_NETWORK].sort());
    const [first = "", ...others] = OF_NETWORK;
    strictEqual(
      (await operate(cluster, `unban ${first}`)).startsWith("lifted"),
      true,
    );
    await becomes("web1", others);
    await becomes("web2", others);
    ok((await operate(cluster, `why ${NETWORK}`)).includes("is not banned"));
  },
);
