import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  agree,
  bannedBy,
  heldOf,
} from "../../support/cluster/host_agreement.ts";
import {
  type Fail2banServer,
  type JailSettings,
  startFail2ban,
  writeFail2banConfig,
} from "../../support/fail2ban/fail2ban_server.ts";
import { testAddress } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { pass, sideBySide } from "../../support/host/side_by_side.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const JAILS = ["sshd", "nginx"];
/** Within so many comparisons a cluster is to agree with a host: one every 15 seconds, that is within a minute. */
const COMPARISONS = 4;
/** A ban time that a test can wait for. */
const BRIEF_S = 20;

/** A cluster, a real fail2ban, and what a test does to them. */
class Host implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly fail2ban: Fail2banServer;
  #monitor: ChildProcess | undefined;

  private constructor(cluster: TestCluster, fail2ban: Fail2banServer) {
    this.cluster = cluster;
    this.fail2ban = fail2ban;
  }

  /** @param asksSocket Whether the monitor may talk to fail2ban, or read its database only. */
  static async create(asksSocket: boolean): Promise<Host> {
    const cluster = await TestCluster.create({ protocol: 2 });
    const dir = `${cluster.dir}/host-a`;
    const fail2ban = await startFail2ban({ dir, jails: jailsOf({}) });
    await cluster.addHost("hub");
    await cluster.addHost("host-a", {
      monitor: {
        fail2bandb: fail2ban.databasePath,
        fail2bansocket: asksSocket ? fail2ban.socketPath : `${dir}/closed.sock`,
        unbanhold: 5,
      },
    });
    const host = new Host(cluster, fail2ban);
    await host.#showSocket();
    await cluster.start("publisher", "hub");
    await host.startMonitor();
    return host;
  }

  /** One may look at the socket that one may not talk to. */
  async #showSocket(): Promise<void> {
    await Deno.writeTextFile(`${this.cluster.dir}/host-a/closed.sock`, "");
  }

  async startMonitor(): Promise<void> {
    this.#monitor = await this.cluster.start("monitor", "host-a");
  }

  async stopMonitor(): Promise<void> {
    strictEqual((await this.#monitor?.end())?.code, 0);
  }

  async restart(): Promise<void> {
    await this.fail2ban.stop();
    await Deno.remove(`${this.cluster.dir}/host-a/closed.sock`);
    await this.fail2ban.start();
    await this.#showSocket();
  }

  /** Expects that both agree in time, on so many bans, and still do after two comparisons. */
  async expectAgreement(after: string, bans: number): Promise<void> {
    const before = await this.#compared();
    const seconds = await this.agree();
    const compared = await this.#compared();
    report(`agreement after ${after}`, {
      seconds,
      comparisons: compared - before,
    });
    ok(compared - before <= COMPARISONS, `${compared - before} comparisons`);
    await waitUntil(async () => await this.#compared() >= compared + 2, {
      what: "two more comparisons",
      timeoutMs: 60_000,
      intervalMs: 200,
    });
    const held = [...heldOf(this.cluster, "host-a").keys()].sort();
    deepStrictEqual(held, await bannedBy(this.fail2ban, JAILS));
    strictEqual(held.length, bans);
  }

  async #compared(): Promise<number> {
    const figures = await this.cluster.figures("monitor", "host-a");
    return Number(figures["compared"]);
  }

  /** Bans in both jails, and waits until the cluster has it. */
  async ban(from: number, to: number): Promise<void> {
    const addresses = Array.from(
      { length: to - from },
      (_, at) => testAddress(from + at),
    );
    for (const jail of JAILS) {
      await this.fail2ban.client("set", jail, "banip", ...addresses);
    }
    await this.agree();
  }

  /** Waits until both agree; gives how long it took in seconds. */
  async agree(): Promise<number> {
    return await agree(this.cluster, "host-a", this.fail2ban, JAILS);
  }

  async configure(settings: JailSettings): Promise<void> {
    const dir = `${this.cluster.dir}/host-a`;
    await writeFail2banConfig({ dir, jails: jailsOf(settings) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fail2ban[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}

function jailsOf(settings: JailSettings): Record<string, JailSettings> {
  return Object.fromEntries(
    JAILS.map((jail) => [jail, { bantime: "1h", ...settings }]),
  );
}

const WAYS = { "by the socket": true, "by the database alone": false };

for (const [way, asksSocket] of Object.entries(WAYS)) {
  testWith(
    "fail2ban",
    `the cluster holds of a host what its fail2ban holds within a minute, ${way}`,
    async (t) => {
      await sideBySide(t, {
        "after a restart": () => afterRestart(asksSocket),
        "after a reload": () => afterReload(asksSocket),
        "after a ban time made shorter": () => afterShorterTime(asksSocket),
        "after unban --all": () => afterUnbanAll(asksSocket),
        "after lines got lost": () => afterLostLines(asksSocket),
      });
    },
  );
}

async function afterRestart(asksSocket: boolean): Promise<void> {
  await using host = await Host.create(asksSocket);
  await host.ban(0, 5);
  await host.restart();
  await host.expectAgreement("restart", 10);
  const figures = await host.cluster.figures("monitor", "host-a");
  strictEqual(figures["driftUnbans"], 0);
  strictEqual(figures["driftBans"], 0);
}

async function afterReload(asksSocket: boolean): Promise<void> {
  await using host = await Host.create(asksSocket);
  await host.ban(0, 5);
  await host.configure({ maxretry: 3 });
  await host.fail2ban.client("reload");
  await host.ban(5, 6);
  await host.expectAgreement("reload", 12);
}

/** Bans that the shorter time has ended are not restored; the others end early. */
async function afterShorterTime(asksSocket: boolean): Promise<void> {
  await using host = await Host.create(asksSocket);
  await host.ban(0, 3);
  await pass(BRIEF_S * 1_000);
  await host.ban(3, 5);
  await host.configure({ bantime: BRIEF_S });
  await host.restart();
  await waitUntil(
    async () => (await bannedBy(host.fail2ban, JAILS)).length === 0,
    { what: "fail2ban's own end of all bans", timeoutMs: 60_000 },
  );
  await host.expectAgreement("shorter ban time", 0);
}

async function afterUnbanAll(asksSocket: boolean): Promise<void> {
  await using host = await Host.create(asksSocket);
  await host.ban(0, 5);
  await host.fail2ban.client("unban", "--all");
  await host.expectAgreement("unban --all", 0);
}

/** Bans and unbans while the monitor is away; then the log is gone. */
async function afterLostLines(asksSocket: boolean): Promise<void> {
  await using host = await Host.create(asksSocket);
  await host.ban(0, 5);
  // It has seen what fail2ban's database holds.
  await waitUntil(
    async () =>
      Number((await host.cluster.peek("monitor", "host-a"))?.["compared"]) > 0,
    { what: "a comparison", timeoutMs: 60_000 },
  );
  await host.stopMonitor();
  const { fail2ban, cluster } = host;
  await fail2ban.client("set", "sshd", "unbanip", testAddress(0));
  await fail2ban.client("set", "nginx", "banip", testAddress(9));
  await Deno.remove(fail2ban.logPath);
  await fail2ban.client("flushlogs");
  await host.startMonitor();
  await host.expectAgreement("lost lines", 10);
  const held = heldOf(cluster, "host-a");
  ok(held.has(`nginx ${testAddress(9)}`));
}
