import { strictEqual } from "node:assert/strict";
import {
  type AlertCase,
  type Scrape,
  scrape,
  tryAlerts,
  type Watched,
} from "../../support/cluster/alert_rules.ts";
import { QUICK_PACE } from "../../support/cluster/paces.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { MountedDisk } from "../../support/host/mounted_disk.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { freePort } from "../../support/host/test_ports.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const NODES = ["web1", "web2"] as const;
/** Above 20 a second also where it takes a minute until all are counted. */
const STORM = 2_000;
const TWO_DAYS = 49 * 60;
/** Shortest time between two scrapes whose values are to be told on. */
const SPAN_MS = 2_000;

/** A hub whose state is on a disk of its own, two nodes, and where each program is asked. */
class WatchedCluster implements AsyncDisposable {
  readonly cases: AlertCase[] = [];
  readonly #held = new AsyncDisposableStack();
  readonly #children = new Map<string, ChildProcess>();
  readonly #urls = new Map<string, string>();

  private constructor(
    readonly cluster: TestCluster,
    readonly disk: MountedDisk,
  ) {}

  static async start(): Promise<WatchedCluster> {
    const cluster = await TestCluster.create({ protocol: 2, pace: QUICK_PACE });
    const urls = new Map<string, string>();
    const asked = (program: string) => {
      const url = `http://127.0.0.1:${freePort()}`;
      urls.set(program, url);
      return { httpbindurl: url };
    };
    await cluster.addHost("hub", {
      general: { ignoreip: "198.51.100.0/24" },
      publisher: { ...asked("publisher hub"), breaker: "3/10m" },
    });
    for (const node of NODES) {
      const program = await writeAction(cluster, node, "exit 0");
      await cluster.addHost(node, {
        monitor: asked(`monitor ${node}`),
        subscriber: {
          ...asked(`subscriber ${node}`),
          ...{ subscriberaction: "exec", execprogram: program },
          ignorejails: "storm",
        },
      });
      await appendLog(cluster.logPath(node), "");
    }
    const state = cluster.stateDir("hub");
    cluster.members.serveFrom(state);
    const disk = await MountedDisk.over(state, "8m");
    cluster.startWithin("hub", disk.within);
    const watched = new WatchedCluster(cluster, disk);
    watched.#held.use(disk);
    watched.#held.use(cluster);
    for (const [name, url] of urls) watched.#urls.set(name, url);
    for (const name of urls.keys()) await watched.#startProgram(name);
    return watched;
  }

  async #startProgram(name: string): Promise<void> {
    const [role, host = ""] = name.split(" ");
    if (role === "publisher" || role === "monitor" || role === "subscriber") {
      this.#children.set(name, await this.cluster.start(role, host));
    }
  }

  /** Ends a program, or has it stand still. */
  signal(name: string, signal: Deno.Signal): void {
    const pid = this.#children.get(name)?.pid;
    if (pid !== undefined) Deno.kill(pid, signal);
  }

  async end(name: string, signal: Deno.Signal): Promise<void> {
    await this.#children.get(name)?.end(signal);
  }

  async ask(name: string): Promise<Scrape> {
    return await scrape(this.#urls.get(name) ?? "");
  }

  /** Waits until a program tells a value that is as it should be. */
  async until(
    name: string,
    key: string,
    isSo: (value: number) => boolean,
  ): Promise<Scrape> {
    let last: number | undefined;
    return await waitUntil(async () => {
      const now = await this.ask(name);
      last = now.values?.get(key);
      return last !== undefined && isSo(last) ? now : undefined;
    }, {
      what: () => `${key} of the ${name}: ${last}`,
      timeoutMs: 20_000,
      intervalMs: 100,
    });
  }

  /** Asks a program again, later. */
  async again(name: string, first: Scrape): Promise<Watched> {
    const second = await waitUntil(async () => {
      const now = await this.ask(name);
      return now.atMs - first.atMs >= SPAN_MS ? now : undefined;
    }, { what: `a later scrape of the ${name}`, intervalMs: 500 });
    return { instance: name, first, second };
  }

  /** Expects an alert if what a program tells goes on. */
  expect(
    alert: string | undefined,
    minutes: number,
    ...watched: readonly Watched[]
  ): void {
    this.cases.push({ alert, minutes, watched });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held[Symbol.asyncDispose]();
  }
}

async function writeAction(
  { dir }: TestCluster,
  node: string,
  command: string,
): Promise<string> {
  const path = `${dir}/${node}.sh`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  return path;
}

const seen = (node: string) =>
  `f2bc_node_last_seen_timestamp_seconds{node="${node}"}`;
const bans = (state: string) =>
  `f2bc_subscriber_bans{action="exec",state="${state}"}`;
const accepted = 'f2bc_publisher_events_total{node="web1",outcome="accepted"}';

/** Nothing fires, but that a backup gets old. */
async function quiet(watched: WatchedCluster): Promise<void> {
  const { cluster } = watched;
  const backup = cluster.spawn("cluster", "hub", "backup", `${cluster.dir}/b`);
  await backup.ended;
  await appendLog(cluster.logPath("web1"), banLine("sshd", "203.0.113.1"));
  // Its own host has it in force already.
  await watched.until("subscriber web2", bans("in_force"), (n) => n === 1);
  const first = await watched.ask("publisher hub");
  let hub = first;
  for (const node of NODES) {
    const from = first.values?.get(seen(node)) ?? 0;
    const isLater = (value: number) => value >= from + 3;
    hub = await watched.until("publisher hub", seen(node), isLater);
  }
  const told = [{ instance: "publisher hub", first, second: hub }];
  for (const node of NODES) {
    for (const role of ["monitor", "subscriber"]) {
      const name = `${role} ${node}`;
      told.push(await watched.again(name, await watched.ask(name)));
    }
  }
  watched.expect(undefined, 4, ...told);
  watched.expect("F2bcBackupOld", TWO_DAYS, ...told.slice(0, 1));
}

async function storm(watched: WatchedCluster): Promise<void> {
  const first = await watched.ask("publisher hub");
  const lines = Array.from(
    { length: STORM },
    (_, at) => banLine("storm", `203.0.${at >> 8}.${at & 0xff}`),
  );
  await appendLog(watched.cluster.logPath("web1"), lines.join(""));
  const before = first.values?.get(accepted) ?? 0;
  const second = await watched.until(
    "publisher hub",
    accepted,
    (value) => value >= before + STORM,
  );
  const hub = { instance: "publisher hub", first, second };
  watched.expect("F2bcBanStorm", 15, hub);
}

async function unreadableLog(watched: WatchedCluster): Promise<void> {
  const path = watched.cluster.logPath("web1");
  await Deno.rename(path, `${path}.away`);
  const first = await watched.ask("monitor web1");
  const monitor = await watched.again("monitor web1", first);
  watched.expect("F2bcLogSilent", 25 * 60, monitor);
  await Deno.rename(`${path}.away`, path);
}

/** The firewall takes nothing on one node, the other stands still. */
async function notEnforced(watched: WatchedCluster): Promise<void> {
  const { cluster } = watched;
  await writeAction(cluster, "web1", "exit 1");
  watched.signal("subscriber web2", "SIGSTOP");
  await appendLog(cluster.logPath("web2"), banLine("sshd", "203.0.113.2"));
  const name = "subscriber web1";
  const failing = await watched.until(name, bans("failing"), (n) => n === 1);
  const subscriber = await watched.again(name, failing);
  watched.expect("F2bcNotEnforced", 15, subscriber);
  const lag = 'f2bc_publisher_node_lag_changes{node="web2"}';
  const behind = await watched.until("publisher hub", lag, (n) => n > 0);
  const hub = await watched.again("publisher hub", behind);
  watched.expect("F2bcSubscriberLags", 15, hub);
  watched.signal("subscriber web2", "SIGCONT");
}

async function setAside(watched: WatchedCluster): Promise<void> {
  const lines = [1, 2, 3, 4, 5].map((last) =>
    banLine("sshd", `198.51.100.${last}`)
  );
  await appendLog(watched.cluster.logPath("web1"), lines.join(""));
  const key = 'f2bc_node_set_aside{node="web1"}';
  const first = await watched.until("publisher hub", key, (n) => n === 1);
  const hub = { instance: "publisher hub", first, second: first };
  watched.expect("F2bcNodeSetAside", 1, hub);
}

async function fullDisk(watched: WatchedCluster): Promise<void> {
  const { cluster, disk } = watched;
  await disk.fill();
  await appendLog(cluster.logPath("web1"), banLine("sshd", "203.0.113.3"));
  const key = "f2bc_publisher_store_failures_total";
  const first = await watched.until("publisher hub", key, (n) => n > 0);
  const before = first.values?.get(key) ?? 0;
  const isMore = (value: number) => value > before;
  const second = await watched.until("publisher hub", key, isMore);
  const hub = { instance: "publisher hub", first, second };
  watched.expect("F2bcStoreFails", 10, hub);
  await disk.free();
}

async function killedNode(watched: WatchedCluster): Promise<void> {
  await watched.end("monitor web2", "SIGKILL");
  await watched.end("subscriber web2", "SIGKILL");
  const first = await waitUntil(async () => {
    const now = await watched.ask("publisher hub");
    const keys = [...now.values?.keys() ?? []];
    return keys.some((key) => /node_info\{node="web2",state="silent"/.test(key))
      ? now
      : undefined;
  }, { what: "web2 silent", timeoutMs: 20_000, intervalMs: 200 });
  // Asked again it may tell of the other role, which was heard a little later.
  const hub = { instance: "publisher hub", first, second: first };
  watched.expect("F2bcNodeSilent", 10, hub);
}

async function stoppedHub(watched: WatchedCluster): Promise<void> {
  await watched.end("publisher hub", "SIGTERM");
  const { cluster } = watched;
  await appendLog(cluster.logPath("web1"), banLine("sshd", "203.0.113.4"));
  const gone = await watched.ask("publisher hub");
  const hub = { instance: "publisher hub", first: gone, second: gone };
  watched.expect("F2bcTargetDown", 10, hub);
  const key = "f2bc_monitor_oldest_unacknowledged_seconds";
  const first = await watched.until("monitor web1", key, (n) => n > 0);
  const monitor = await watched.again("monitor web1", first);
  watched.expect("F2bcReportsNotAcknowledged", 10, monitor);
}

testWith(
  ["mountns", "promtool"],
  "each alert fires of what the programs tell while its fault stands, and none while all is well",
  async () => {
    await using watched = await WatchedCluster.start();
    await quiet(watched);
    await storm(watched);
    await unreadableLog(watched);
    await notEnforced(watched);
    await fullDisk(watched);
    await killedNode(watched);
    await setAside(watched);
    await stoppedHub(watched);
    strictEqual(await tryAlerts(watched.cases), "");
  },
);
