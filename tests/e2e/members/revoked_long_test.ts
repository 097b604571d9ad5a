import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { MessageSocket } from "../../../lib/zmq/ports.ts";
import { hourBan } from "../../support/values/node_events.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { RawNode, SILENCE_MS } from "../../support/cluster/raw_node.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { SeededRandom } from "../../support/values/seeded_random.ts";
import { publishersBans, waitCopy } from "../../support/store/stored_tables.ts";
import { report, tally } from "../../support/bench/tally.ts";
import { TcpProxy } from "../../support/host/tcp_proxy.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { securityOf } from "../../support/cluster/test_members.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { deadline } from "../../support/host/deadline.ts";

const WITHIN_MS = 5_000;
const LINES = 5_000;
/** So many bans are heard by others once it is cut off. */
const MORE = 100;
const PAUSE_MS = 20;

function lineAddress(index: number): string {
  return `198.51.${100 + (index >> 8)}.${index & 255}`;
}

/** Writes bans at an even pace until it is stopped. @returns Those that were written. */
async function write(path: string, signal: AbortSignal): Promise<string[]> {
  const written: string[] = [];
  while (!signal.aborted && written.length < LINES) {
    const next = lineAddress(written.length);
    await appendLog(path, banLine("sshd", next));
    written.push(next);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return written;
}

/** Counts what is heard until it is stopped. */
function listen(socket: MessageSocket, signal: AbortSignal) {
  const listener = { lastMs: 0, done: Promise.resolve() };
  const hear = async () => {
    while (true) {
      await socket.receive(signal);
      listener.lastMs = performance.now();
    }
  };
  listener.done = hear().catch((error) => {
    if (error !== signal.reason) throw error;
  });
  return listener;
}

Deno.test("case 21: a node that is revoked while it is connected hears and says nothing any more, and the others lose nothing", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const name of ["hub", "host-a", "host-b", "host-c"]) {
    await cluster.addHost(name);
  }
  await appendLog(cluster.logPath("host-b"), "");
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-c");
  await cluster.start("monitor", "host-b");

  await using zeromq = new ZmqBench();
  const random = new SeededRandom(21);
  await using control = new TcpProxy(cluster.controlUrl, random);
  await using stream = new TcpProxy(cluster.streamUrl, random);
  const membership = cluster.membership("host-a");
  const node = await RawNode.join(zeromq, control.url, membership);
  strictEqual(await node.events(hourBan(1, "203.0.113.1")), "accepted");
  const listener = zeromq.context.subscriber(stream.url, "", {
    maxMessageBytes: 1 << 20,
    security: securityOf(membership),
  });
  const stop = new AbortController();
  const heardByNode = listen(listener, stop.signal);
  const writing = write(cluster.logPath("host-b"), stop.signal);
  await waitUntil(
    () => heardByNode.lastMs > 0 && heard(subscriber).length > 10,
    {
      what: "bans at host-c and at host-a",
    },
  );

  const figure = async (name: string) =>
    (await cluster.figures("publisher", "hub"))[`connections.${name}`];
  const admitted = await figure("admitted");
  const revokedMs = performance.now();
  cluster.members.revoke("host-a");
  await waitUntil(() => control.closed >= 1 && stream.closed >= 1, {
    what: "the end of both connections",
    timeoutMs: WITHIN_MS,
  });
  const cutAfterMs = performance.now() - revokedMs;
  node.expectsSilence();
  strictEqual(await node.events(hourBan(2, "203.0.113.2")), "silence");
  await using again = new RawNode(
    zeromq,
    cluster.controlUrl,
    securityOf(membership),
    SILENCE_MS,
  );
  strictEqual(await again.hello(membership), "silence");
  // Others hear bans meanwhile; were it let in, it would as well.
  const { lastMs } = heardByNode;
  const count = heard(subscriber).length;
  await waitUntil(() => heard(subscriber).length >= count + MORE, {
    what: "more bans at host-c",
  });
  strictEqual(heardByNode.lastMs, lastMs);
  const heardAfterMs = Math.max(0, lastMs - revokedMs);
  stop.abort();
  const written = await writing;
  await heardByNode.done;

  const sent = ["203.0.113.1", ...written];
  const addresses = () =>
    heard(subscriber).map((message) => message.split("|")[3] ?? "");
  await waitUntil(() => new Set(addresses()).size >= sent.length, {
    what: "all bans at host-c",
    timeoutMs: 15_000,
  });
  report("revoked", {
    cutAfterMs: Math.round(cutAfterMs),
    lastHeardAfterMs: Math.round(heardAfterMs),
  });
  report("the others", tally(sent, addresses()));
  deepStrictEqual(addresses().toSorted(), sent.toSorted());
  deepStrictEqual(publishersBans(cluster), sent.toSorted());
  await waitCopy(cluster, "host-c", sent);
  ok(heardAfterMs <= cutAfterMs + deadline(1_000), `${heardAfterMs} ms`);
  // Its two connections and nobody else's: no other had to come again.
  strictEqual(await figure("cuts"), 2);
  strictEqual(await figure("admitted"), admitted);
});

Deno.test("a node whose keys are changed is served again once it has joined with the new ones, without a restart", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const name of ["hub", "host-a", "host-b"]) await cluster.addHost(name);
  await appendLog(cluster.logPath("host-a"), "");
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  const monitor = await cluster.start("monitor", "host-a");
  await appendLog(cluster.logPath("host-a"), banLine("sshd", "198.51.100.1"));
  await waitUntil(() => heard(subscriber).length === 1, { what: "a ban" });

  const next = ["host-a", "host-b"].map((name) =>
    [name, cluster.members.add(name)] as const
  );
  await waitUntil(async () => {
    const figures = await cluster.peek("publisher", "hub");
    return Number(figures?.["connections.cuts"]) > 0;
  }, { what: "the old connections' end", intervalMs: 50 });
  await appendLog(cluster.logPath("host-a"), banLine("sshd", "198.51.100.2"));
  await monitor.waitForLine(/no conversation with the publisher/, 10_000);
  for (const [name, membership] of next) cluster.joinAs(name, membership);
  const joinedMs = performance.now();
  await waitUntil(() => heard(subscriber).length === 2, {
    what: "the other ban",
    timeoutMs: 10_000,
  });
  report("joined anew", {
    servedAfterMs: Math.round(performance.now() - joinedMs),
  });
  await waitCopy(cluster, "host-b", ["198.51.100.1", "198.51.100.2"]);
});

Deno.test("a publisher whose keys or members others may read does not start, and check says so", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  cluster.members.serveFrom(cluster.stateDir("hub"));
  for (const name of ["publisher.json", "members.json"]) {
    const path = `${cluster.stateDir("hub")}/members/${name}`;
    await Deno.chmod(path, 0o640);
    for (const verb of ["check", "run"]) {
      const child = cluster.spawn("publisher", "hub", verb);
      strictEqual((await child.ended).code, 4);
      const lines = child.stderr.join("\n");
      ok(lines.includes(`${path}: others may read it`), lines);
    }
    await Deno.chmod(path, 0o600);
  }
  const { code } = await cluster.spawn("publisher", "hub", "check").ended;
  strictEqual(code, 0);
});

Deno.test("a node that has not joined, or by another name, is told how to before it starts, and by check", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("host-a");
  await appendLog(cluster.logPath("host-a"), "");
  const file = `${cluster.stateDir("host-a")}/membership.json`;
  const fails = async (role: "monitor" | "subscriber", expected: RegExp) => {
    for (const verb of ["check", "run"]) {
      const child = cluster.spawn(role, "host-a", verb);
      const { code } = await child.ended;
      ok([3, 4].includes(code), `${code}`);
      const lines = child.stderr.join("\n");
      ok(expected.test(lines), lines);
    }
  };
  cluster.joinAs("host-a", cluster.members.add("host-x"));
  for (const role of ["monitor", "subscriber"] as const) {
    await fails(role, /hostname = host-a: expected host-x/);
  }
  await Deno.chmod(file, 0o644);
  await fails("monitor", /others may read it\n.*hint: chmod 600/);
  await Deno.remove(file);
  for (const role of ["monitor", "subscriber"] as const) {
    await fails(
      role,
      /membership\.json: expected what this host has joined[^]*hint: fail2ban-cluster join CODE/,
    );
  }
});
