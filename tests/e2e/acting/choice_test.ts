import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { bytes } from "../../support/cluster/raw_client.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { NftNode } from "../../support/enforce/nft_node.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const [BOTH, OTHER, HTTP] = ["203.0.113.1", "203.0.113.2", "203.0.113.3"];
const BANNED = /203\.0\.113\.\d+/g;

/** What is in nftables; undefined: there is no table. */
async function inForce(
  namespace: NetworkNamespace,
): Promise<string | undefined> {
  try {
    const set = ["list", "set", "inet", "fail2ban_cluster", "banned4"];
    const text = await namespace.run("nft", ...set);
    return [...new Set(text.match(BANNED) ?? [])].sort().join(" ");
  } catch {
    return undefined;
  }
}

async function waitInForce(
  namespace: NetworkNamespace,
  ...addresses: readonly string[]
): Promise<void> {
  let found: string | undefined;
  await waitUntil(async () => {
    found = await inForce(namespace);
    return found === addresses.join(" ");
  }, { what: `${addresses} in nftables`, timeoutMs: 15_000, intervalMs: 50 })
    .catch((cause) => {
      throw new Error(`in force: ${found}`, { cause });
    });
}

/** What somebody changes in a network's sets, as nftables tells it. */
function watch({ within }: NetworkNamespace): ChildProcess {
  const [command = "", ...args] = within;
  const watching = ["stdbuf", "-oL", "nft", "monitor", "elements"];
  return new ChildProcess({ command, args: [...args, ...watching] });
}

function touched({ stdout }: ChildProcess): readonly string[] {
  return [...new Set(stdout.join("\n").match(BANNED) ?? [])].sort();
}

testWith(
  ["netns", "nftables"],
  "a subscriber that takes less after a restart lifts that, one that takes more bans that, and the rest is not touched",
  async () => {
    await using namespace = await NetworkNamespace.create();
    await using cluster = await TestCluster.create({ protocol: 2 });
    const { within } = namespace;
    for (const host of ["hub", "web1", "web2"]) {
      await cluster.addHost(host, {}, { within });
    }
    const config = await cluster.addHost("db1", {
      subscriber: { subscriberaction: "nftables" },
    }, { within });
    await cluster.start("publisher", "hub");
    for (const host of ["web1", "web2"]) {
      await appendLog(cluster.logPath(host), "");
      await cluster.start("monitor", host);
    }
    let subscriber = await cluster.start("subscriber", "db1");
    const restart = async (...lines: readonly string[]) => {
      await subscriber.end();
      const local = config.replace(/\.conf$/, ".local");
      await Deno.writeTextFile(local, ["[subscriber]", ...lines].join("\n"));
      subscriber = await cluster.start("subscriber", "db1");
    };
    const [log1, log2] = ["web1", "web2"].map((it) => cluster.logPath(it));
    ok(log1 !== undefined && log2 !== undefined);
    await appendLog(log1, banLine("sshd", BOTH) + banLine("nginx", HTTP));
    await appendLog(log2, banLine("sshd", BOTH) + banLine("sshd", OTHER));
    await waitInForce(namespace, BOTH, OTHER, HTTP);

    await using less = watch(namespace);
    const choice = ["ignorejails = ngin*", "ignorenodes = WEB2"];
    await restart("subscriberaction = nftables", ...choice);
    await waitInForce(namespace, BOTH);
    await waitUntil(() => touched(less).length === 2, { what: "what is told" });
    deepStrictEqual(touched(less), [OTHER, HTTP]);

    await using more = watch(namespace);
    await restart("subscriberaction = nftables", "observenodes = web1");
    await waitInForce(namespace, BOTH, OTHER);
    await waitUntil(() => touched(more).length === 1, { what: "what is told" });
    deepStrictEqual(touched(more), [OTHER]);
    const figures = await cluster.figures("subscriber", "db1");
    strictEqual(figures["observed.wanted"], 1);

    await restart("subscriberaction = none");
    await waitUntil(async () => await inForce(namespace) === undefined, {
      what: "a host that puts nothing in force",
    });
    const observed = await cluster.figures("subscriber", "db1");
    deepStrictEqual(
      ["wanted", "banned", "lifted"].map((name) =>
        observed[`observed.${name}`]
      ),
      [3, 0, 0],
    );
    await restart("subscriberaction = nftables");
    await waitInForce(namespace, BOTH, OTHER, HTTP);
  },
);

testWith(
  ["netns", "nftables"],
  "by protocol 1 a subscriber leaves out jails and nodes, also of what it remembers from before",
  async () => {
    await using node = await NftNode.start({ bantime: "1h" });
    const { namespace, cluster } = node;
    const tell = async (...words: readonly string[]) => {
      await node.client.request(bytes([cluster.token, ...words].join("|")));
      await node.client.reply();
    };
    await tell("web1", "sshd", "Ban", BOTH);
    await tell("web2", "sshd", "Ban", BOTH);
    await tell("web2", "sshd", "Ban", OTHER);
    await tell("web1", "nginx", "Ban", HTTP);
    await waitInForce(namespace, BOTH, OTHER, HTTP);

    await using less = watch(namespace);
    await Deno.writeTextFile(
      `${cluster.dir}/host-b/fail2ban-cluster.local`,
      [
        "[subscriber]",
        `zmqpublisherurl = ipc://${cluster.dir}/stream`,
        "subscriberaction = nftables",
        "bantime = 1h",
        "ignorejails = nginx",
        "ignorenodes = web2",
      ].join("\n"),
    );
    await node.startSubscriber();
    await waitInForce(namespace, BOTH);
    await waitUntil(() => touched(less).length === 2, { what: "what is told" });
    deepStrictEqual(touched(less), [OTHER, HTTP]);
    // It hears nothing before it is subscribed.
    await waitUntil(async () => {
      await tell("web2", "sshd", "Ban", OTHER);
      return Number(await node.figure("leftOut")) > 0;
    }, { what: "a ban that is left out", intervalMs: 100 });
    await tell("web2", "sshd", "Unban", BOTH);
    await tell("web1", "sshd", "Ban", "203.0.113.4");
    await waitInForce(namespace, BOTH, "203.0.113.4");
    await tell("web1", "sshd", "Unban", BOTH);
    await waitInForce(namespace, "203.0.113.4");
  },
);
