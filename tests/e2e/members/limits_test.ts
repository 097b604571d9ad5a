import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { EventId } from "../../../lib/base/ids.ts";
import type { NodeEvent } from "../../../lib/wire/v2_messages.ts";
import type { MemberRights, Membership } from "../../../lib/members/member.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { address, jail } from "../../support/values/core_values.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { processUsage } from "../../support/host/process_usage.ts";
import { RawNode, SILENCE_MS } from "../../support/cluster/raw_node.ts";
import { report } from "../../support/bench/tally.ts";
import {
  type Sections,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { join } from "../../support/cluster/test_members.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";

const FLOODER = new URL(
  "../../support/cluster/programs/flooding_member.ts",
  import.meta.url,
);
const MIB = 1 << 20;

function event(
  kind: "ban" | "unban",
  at: number,
  text: string,
  jailName = "sshd",
): NodeEvent {
  const id = `event-${String(at).padStart(16, "0")}` as EventId;
  const about = { id, jail: jail(jailName), address: address(text) };
  return kind === "ban"
    ? { kind, ...about, remainingMs: 3_600_000 }
    : { kind, ...about };
}

/** A publisher's program, and members that say what a test says. */
class LimitsBench implements AsyncDisposable {
  readonly zeromq = new ZmqBench();
  readonly cluster: TestCluster;
  readonly publisher: ChildProcess;

  private constructor(cluster: TestCluster, publisher: ChildProcess) {
    this.cluster = cluster;
    this.publisher = publisher;
  }

  static async create(settings: Sections = {}): Promise<LimitsBench> {
    const cluster = await TestCluster.create({ protocol: 2 });
    await cluster.addHost("hub", settings);
    return new LimitsBench(cluster, await cluster.start("publisher", "hub"));
  }

  member(name: string, rights: Partial<MemberRights> = {}): Membership {
    return this.cluster.members.add(name, rights);
  }

  async node(name: string, rights?: Partial<MemberRights>): Promise<RawNode> {
    const membership = this.member(name, rights);
    const { controlUrl } = this.cluster;
    return await waitUntil(async () => {
      try {
        return await RawNode.join(
          this.zeromq,
          controlUrl,
          membership,
          "monitor",
          SILENCE_MS,
        );
      } catch (error) {
        // The publisher has not read the list yet.
        if (error instanceof Error && error.message === "silence") return;
        throw error;
      }
    }, { what: `${name} to be let in`, timeoutMs: 10_000 });
  }

  async figure(name: string): Promise<unknown> {
    return (await this.cluster.figures("publisher", "hub"))[name];
  }

  /** What the operator's command says. */
  async operate(...words: string[]): Promise<string> {
    await using child = this.cluster.spawn("cluster", "hub", ...words);
    await child.ended;
    return [...child.stdout, ...child.stderr].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.zeromq[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** What nobody may ban, and by which rule; the last three in words that are no address. */
const PROTECTED: readonly (readonly [target: string, rule: string])[] = [
  ["0.0.0.0/0", "unspecified"],
  ["::/0", "unspecified"],
  ["127.0.0.1", "loopback"],
  ["::1", "loopback"],
  ["169.254.1.1", "link-local"],
  ["224.0.0.1", "multicast"],
  ["10.0.0.1", "private"],
  ["203.0.112.0/23", "too-wide"],
  ["198.51.100.9", "ignoreip"],
  ["192.0.2.10", "member"],
];

/** What is no event at all. */
const MALFORMED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "an address with words behind it": { address: "8.8.8.8 - x" },
  "an option": { address: "--all" },
  "two lines": { address: "203.0.113.1\n203.0.113.2" },
  "the end of a fail2ban command": { address: "<F2B_END_COMMAND>" },
  "a setting of fail2ban as jail": { jail: "logtarget" },
  "another setting": { jail: "dbfile" },
  "an empty jail": { jail: "" },
  "a path": { jail: "../x" },
  "300 characters": { jail: "x".repeat(300) },
  "a duration with code in it": { remainingMs: "1;import os" },
  "another's name": { origin: "hub" },
};

Deno.test("case 20: what a hostile member sends is refused, each by its rule, reaches nobody, and sets it aside until it is released", async () => {
  await using bench = await LimitsBench.create({
    general: { ignoreip: "198.51.100.0/24", members: "192.0.2.10" },
    publisher: { breaker: "25/10m" },
  });
  const { cluster, publisher } = bench;
  await cluster.addHost("host-b");
  const subscriber = await cluster.start("subscriber", "host-b");
  await using bad = await bench.node("bad");

  const refused = await bad.events(
    ...PROTECTED.map(([target], at) => event("ban", at, target)),
  );
  deepStrictEqual(
    refused.split(", "),
    PROTECTED.map(([, rule]) => `refused ${rule}`),
  );
  for (const [what, changes] of Object.entries(MALFORMED)) {
    const good = event("ban", 100, "203.0.113.1");
    const body = JSON.stringify({
      session: bad.session,
      batch: 1,
      events: [{ ...good, ...changes }],
    });
    const frames = ["F2B2", "EVENTS", body].map((text) =>
      new TextEncoder().encode(text)
    );
    strictEqual(await bad.sayFrames(frames), "ERROR protocol", what);
  }
  strictEqual(await bench.figure("seq"), 0);

  const more = PROTECTED.map(([target], at) => event("ban", 200 + at, target));
  await bad.events(...more);
  strictEqual(
    await bad.events(event("ban", 300, "203.0.113.1")),
    "ERROR aside",
  );
  await waitUntil(
    () => publisher.stderr.some((line) => /set aside.*node=bad/.test(line)),
    { what: "the log to name the node" },
  );
  match(await bench.operate("node", "list"), /bad .* set aside: protected/);
  match(await bench.operate("node", "release", "bad"), /taken again/);
  strictEqual(await bad.events(event("ban", 301, "203.0.113.1")), "accepted");
  match(
    await bench.operate("audit"),
    /publisher +set aside +bad .*\n.*node release +bad/,
  );
  await waitUntil(
    () =>
      subscriber.stdout.concat(subscriber.stderr).some((line) =>
        line.includes("203.0.113.1")
      ),
    { what: "the good one to arrive" },
  );
  const heard = subscriber.stdout.concat(subscriber.stderr).join("\n");
  for (const [target] of PROTECTED.slice(2)) {
    ok(!heard.includes(`|${target}`), target);
  }
});

Deno.test("a member reports of its jails only, takes back its own report only, and lifts others' with the right to", async () => {
  await using bench = await LimitsBench.create({
    publisher: { maxbans: 3 },
  });
  await using web = await bench.node("web", { jails: ["nginx-*", "sshd"] });
  await using mail = await bench.node("mail");
  await using admin = await bench.node("admin", { mayUnban: true });
  strictEqual(
    await web.events(
      event("ban", 1, "203.0.113.1", "postfix"),
      event("ban", 2, "203.0.113.1", "nginx-http-auth"),
      event("ban", 3, "203.0.113.2"),
    ),
    "refused jail-right, accepted, accepted",
  );
  strictEqual(await mail.events(event("unban", 4, "203.0.113.2")), "known");
  strictEqual(await bench.figure("bans"), 2);
  strictEqual(await admin.events(event("unban", 5, "203.0.113.2")), "accepted");
  strictEqual(await bench.figure("bans"), 1);
  strictEqual(
    await mail.events(
      ...[1, 2, 3, 4].map((at) => event("ban", 10 + at, `203.0.113.1${at}`)),
    ),
    "accepted, accepted, accepted, refused node-full",
  );
});

Deno.test("a quorum of two nodes within ten minutes is asked for of one jail, and one is enough in the others", async () => {
  await using bench = await LimitsBench.create({
    publisher: { quorum: "sshd:2/10m" },
  });
  const { cluster } = bench;
  await cluster.addHost("host-b");
  await cluster.start("subscriber", "host-b");
  const taken = async () =>
    (await cluster.figures("subscriber", "host-b"))["taken"];
  await using one = await bench.node("one");
  await using two = await bench.node("two");
  const ban = event("ban", 1, "203.0.113.1");
  strictEqual(await one.events(ban), "accepted");
  strictEqual(
    await one.events(event("ban", 2, "203.0.113.2", "postfix")),
    "accepted",
  );
  await waitUntil(async () => await taken() === 1, { what: "postfix's ban" });
  strictEqual(await two.events(ban), "accepted");
  await waitUntil(async () => await taken() === 2, { what: "sshd's ban" });
});

/** Bans that host-a's fail2ban logs, 50 a second, and when host-b heard of each. */
class SteadyHost {
  readonly #heardMs = new Map<string, number>();
  readonly #cluster: TestCluster;
  #written = 0;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  note(line: string): void {
    const target = /\|Ban\|(203\.0\.\d+\.\d+)/.exec(line)?.[1];
    if (target !== undefined) this.#heardMs.set(target, performance.now());
  }

  /** @returns How long each took, in milliseconds. */
  async during(seconds: number): Promise<readonly number[]> {
    const sentMs = new Map<string, number>();
    const startMs = performance.now();
    for (let at = 0; at < seconds * 50; at++) {
      const n = this.#written++;
      const target = `203.0.${114 + (n >> 8)}.${n & 255}`;
      sentMs.set(target, performance.now());
      await appendLog(
        this.#cluster.logPath("host-a"),
        banLine("sshd", target),
      );
      const restMs = startMs + (at + 1) * 20 - performance.now();
      // The rate is what is asked for: this wait is for nothing else.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, restMs)));
    }
    await waitUntil(
      () => [...sentMs.keys()].every((target) => this.#heardMs.has(target)),
      { what: "every ban of the good node", timeoutMs: 30_000 },
    );
    return [...sentMs].map(([target, ms]) =>
      (this.#heardMs.get(target) ?? NaN) - ms
    ).sort((left, right) => left - right);
  }
}

function percentiles(sorted: readonly number[]) {
  const at = (part: number) =>
    Math.round(10 * (sorted[Math.floor(sorted.length * part)] ?? NaN)) / 10;
  return { bans: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

Deno.test("case 22: a member that floods is cut off until it is released; the bans of others arrive meanwhile, all of them", async () => {
  await using bench = await LimitsBench.create();
  const { cluster, publisher } = bench;
  for (const host of ["host-a", "host-b"]) await cluster.addHost(host);
  const file = `${cluster.dir}/flooder`;
  await Deno.mkdir(file);
  const flooding = bench.member("flooder", { maxPerSecond: null });
  join(file, flooding);
  const steady = new SteadyHost(cluster);
  await cluster.start("monitor", "host-a");
  await cluster.start("subscriber", "host-b", (line) => steady.note(line));
  await waitUntil(
    async () => (await steady.during(0.5)).every((ms) => ms < 500),
    { what: "both to be let in, and to follow", timeoutMs: 20_000 },
  );
  const usual = percentiles(await steady.during(3));
  report("without the flood", usual);
  const before = (await processUsage(publisher.pid)).residentBytes;

  await using flooder = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "-A", FLOODER.pathname, `${file}/membership.json`, "10"],
  });
  const beside = percentiles(await steady.during(10));
  await flooder.ended;
  const { peakBytes } = await processUsage(publisher.pid);
  const { sent, cut } = JSON.parse(flooder.stdout.join(""));
  const grownMib = Math.round((peakBytes - before) / MIB);
  report("beside the flood", { ...beside, sent, cut, grownMib });

  strictEqual(cut, true, flooder.stderr.join("\n"));
  ok(beside.p99Ms < 2_000, `p99 ${beside.p99Ms} ms`);
  ok(grownMib < 200, `${grownMib} MiB more`);
  match(await bench.operate("node", "list"), /flooder .* set aside: flood/);
  ok(Number(await bench.figure("connections.cuts")) >= 1);
  match(await bench.operate("node", "release", "flooder"), /taken again/);
  await using again = await RawNode.join(
    bench.zeromq,
    cluster.controlUrl,
    flooding,
  );
  strictEqual(
    await again.events(event("ban", 1, "198.51.100.1")),
    "accepted",
  );
});
