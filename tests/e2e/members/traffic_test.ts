import { deepStrictEqual, ok } from "node:assert/strict";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { SeededRandom } from "../../support/values/seeded_random.ts";
import { report } from "../../support/bench/tally.ts";
import { TcpProxy } from "../../support/host/tcp_proxy.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const BANNED = ["198.51.100.77", "2001:db8:feed::1"];
const JAIL = "a-jail-to-look-for";
const HOSTS = ["host-to-report", "host-to-hear"] as const;

/** What went over the wire. */
class Capture {
  readonly #text: string[] = [];
  bytes = 0;

  record(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    // One character for each byte, so that any text of ASCII is found.
    this.#text.push(new TextDecoder("latin1").decode(bytes));
  }

  found(words: readonly string[]): string[] {
    const all = this.#text.join("");
    return words.filter((word) => all.includes(word));
  }
}

/** Sends bans over a recorded wire, both ways. @returns What was recorded, and what was secret. */
async function recorded(protocol: 1 | 2) {
  const capture = new Capture();
  await using cluster = await TestCluster.create({ protocol });
  const random = new SeededRandom(21);
  const { replyUrl, broadcastUrl, controlUrl, streamUrl } = cluster;
  const urls = protocol === 1
    ? [replyUrl, broadcastUrl]
    : [controlUrl, streamUrl];
  await using held = new AsyncDisposableStack();
  const [one = "", two = ""] = urls.map((url) => {
    const proxy = held.use(new TcpProxy(url, random));
    proxy.record = (bytes) => capture.record(bytes);
    return proxy.url;
  });
  const monitor = protocol === 1
    ? { zmqreplyserver: one }
    : { controlserver: one };
  const subscriber = protocol === 1
    ? { zmqpublisherurl: two }
    : { controlserver: one, streamserver: two };
  await cluster.addHost("hub");
  for (const name of HOSTS) {
    await cluster.addHost(name, { monitor, subscriber });
  }
  const log = cluster.logPath(HOSTS[0]);
  await appendLog(log, "");
  await cluster.start("publisher", "hub");
  const hears = await cluster.start("subscriber", HOSTS[1]);
  await cluster.start("monitor", HOSTS[0]);
  // Nothing tells that a subscription of protocol 1 has arrived.
  let probes = 0;
  await waitUntil(async () => {
    await appendLog(log, banLine(JAIL, `203.0.113.${++probes}`));
    return heard(hears).length > 0;
  }, { what: "the first ban", timeoutMs: 10_000, intervalMs: 100 });
  for (const banned of BANNED) await appendLog(log, banLine(JAIL, banned));
  await waitUntil(
    () =>
      BANNED.every((banned) => heard(hears).some((it) => it.endsWith(banned))),
    { what: "all bans" },
  );
  const tokens = protocol === 1
    ? [cluster.token]
    : HOSTS.map((name) => cluster.membership(name).token);
  return { capture, words: [...BANNED, JAIL, HOSTS[0], ...tokens] };
}

Deno.test("the traffic of protocol 2 shows no address, jail, host's name or token; protocol 1's shows all", async () => {
  const [first, second] = await Promise.all([recorded(1), recorded(2)]);
  report("bytes recorded", {
    protocol1: first.capture.bytes,
    protocol2: second.capture.bytes,
  });
  deepStrictEqual(first.capture.found(first.words), first.words);
  ok(second.capture.bytes > 1_000);
  deepStrictEqual(second.capture.found(second.words), []);
  // HELLO and WELCOME are words of CURVE, too.
  const signs = ["F2B2", "EVENTS", "epoch", "monitor", HOSTS[1]];
  deepStrictEqual(second.capture.found(signs), []);
});
