/**
 * `deno task demo`: a hub and two member hosts, with a real fail2ban and a real
 * nftables where available: a ban, why, an unban, and a killed hub.
 *
 * @module
 */

import { operate } from "../tests/support/cluster/operator.ts";
import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { appendLog } from "../tests/support/fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../tests/support/host/child_process.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import {
  type Decider,
  LOOK_EVERY_MS,
  startDecider,
  type Verb,
} from "./demo/deciding.ts";
import { type Enforcer, makeEnforcer } from "./demo/enforcing.ts";
import { leaveNothing, say, tell } from "./demo/telling.ts";

const [FIRST, SECOND, THIRD] = ["203.0.113.7", "203.0.113.8", "203.0.113.9"];

/** A hub, `web1` that decides and `web2` that enforces. */
class Demo implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly decider: Decider;
  readonly enforcer: Enforcer;
  readonly #held: AsyncDisposableStack;
  /** The lines of web2's enforcer, with their times. */
  readonly #seen: { readonly line: string; readonly atMs: number }[] = [];
  #hub: ChildProcess | undefined;

  private constructor(
    held: AsyncDisposableStack,
    cluster: TestCluster,
    decider: Decider,
    enforcer: Enforcer,
  ) {
    this.#held = held;
    this.cluster = cluster;
    this.decider = decider;
    this.enforcer = enforcer;
  }

  static async start(): Promise<Demo> {
    await using held = new AsyncDisposableStack();
    const cluster = held.use(await TestCluster.create({ protocol: 2 }));
    const [decider, enforcer] = await Promise.all([
      startDecider(`${cluster.dir}/fail2ban-web1`, held),
      makeEnforcer(`${cluster.dir}/fail2ban-web2`, held),
    ]);
    const demo = new Demo(held.move(), cluster, decider, enforcer);
    try {
      await demo.#startPrograms();
      return demo;
    } catch (error) {
      await demo[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #startPrograms(): Promise<void> {
    const { cluster, decider, enforcer } = this;
    const { within } = enforcer;
    const { logtarget, ...subscriber } = enforcer.subscriber;
    const general = logtarget === undefined ? {} : { logtarget };
    await cluster.addHost("hub", {}, { within });
    await cluster.addHost("web1", { monitor: decider.monitor }, { within });
    await cluster.addHost("web2", { general, subscriber }, { within });
    await appendLog(decider.monitor["fail2banlogpath"] ?? "", "");
    this.#held.use(enforcer.watch((line) => {
      this.#seen.push({ line, atMs: Date.now() });
    }));
    const [hub] = await Promise.all([
      cluster.start("publisher", "hub"),
      cluster.start("monitor", "web1"),
      logtarget === undefined
        ? cluster.start("subscriber", "web2")
        : cluster.spawn("subscriber", "web2", "run"),
    ]);
    this.#hub = hub;
    await this.#untilFigure("subscriber", "web2", "following");
    await this.#untilFigure("monitor", "web1", "publisherAnswers");
  }

  async #untilFigure(
    role: "monitor" | "subscriber",
    host: string,
    figure: string,
  ): Promise<void> {
    await waitUntil(
      async () => (await this.cluster.peek(role, host))?.[figure] === true,
      { what: `${figure} of the ${role}`, timeoutMs: 15_000, intervalMs: 20 },
    );
  }

  /** Makes web1's fail2ban decide. @returns Time of its log line. */
  async decide(verb: Verb, address: string): Promise<number> {
    say(`\nweb1# fail2ban-client set sshd ${verb.toLowerCase()}ip ${address}`);
    const atMs = await this.decider.decide(verb, address);
    tell(0, "web1", `fail2ban writes: [sshd] ${verb} ${address}`);
    return atMs;
  }

  /**
   * Waits until web2 has enforced it, and shows the time. @returns Milliseconds
   * since `sinceMs`.
   */
  async enforced(
    verb: Verb,
    address: string,
    sinceMs: number,
  ): Promise<number> {
    const shown = this.enforcer.shows(verb, address);
    const { line, atMs } = await waitUntil(
      () =>
        this.#seen.find(({ line, atMs }) =>
          line.includes(shown) && atMs >= sinceMs
        ),
      { what: shown, timeoutMs: 15_000, intervalMs: LOOK_EVERY_MS },
    );
    tell(atMs - sinceMs, "web2", line.slice(line.indexOf(shown)));
    return atMs - sinceMs;
  }

  /** Runs an operator's command on the hub, and shows its output. */
  async operate(words: string): Promise<void> {
    say(`\nhub# fail2ban-cluster ${words}`);
    const answer = await operate(this.cluster, words);
    for (const line of answer.trimEnd().split("\n")) say(`  ${line}`);
  }

  /** Kills the hub. */
  async killHub(): Promise<void> {
    say("\nhub# kill -9 fail2ban-publisher");
    await this.#hub?.end("SIGKILL");
  }

  /** Starts the hub again. @returns Time of the start. */
  async startHub(): Promise<number> {
    say("\nhub# fail2ban-publisher start");
    const startedMs = Date.now();
    this.#hub = await this.cluster.start("publisher", "hub");
    tell(Date.now() - startedMs, "hub", "ready");
    return startedMs;
  }

  /** The addresses in the hub's list. */
  async listed(): Promise<readonly string[]> {
    const text = await operate(this.cluster, "export");
    return text.split("\n").filter((line) => line !== "").toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

/** Shows a ban, why, and an unban. @returns A summary. */
async function showBan(demo: Demo): Promise<string> {
  const bannedMs = await demo.decide("Ban", FIRST);
  const banMs = await demo.enforced("Ban", FIRST, bannedMs);
  await demo.operate(`why ${FIRST}`);
  const askedMs = Date.now();
  await demo.operate(`unban ${FIRST}`);
  const unbanMs = await demo.enforced("Unban", FIRST, askedMs);
  return `in force on web2 ${banMs} ms after web1 banned it, explained, ` +
    `lifted ${unbanMs} ms after the operator typed unban`;
}

/** Shows a hub that is killed between two bans. @returns A summary. */
async function showKill(demo: Demo): Promise<string> {
  await demo.enforced("Ban", SECOND, await demo.decide("Ban", SECOND));
  await demo.killHub();
  await demo.decide("Ban", THIRD);
  const startedMs = await demo.startHub();
  const caughtUpMs = await demo.enforced("Ban", THIRD, startedMs);
  const listed = await demo.listed();
  say(`\nhub# fail2ban-cluster export\n  ${listed.join("\n  ")}`);
  if (listed.join() !== [SECOND, THIRD].join()) {
    throw new Error("The hub's list is not what was banned");
  }
  return `hub killed and back with ${listed.length} of 2 bans, the one made ` +
    `meanwhile in force ${caughtUpMs} ms after its start`;
}

async function demo(): Promise<void> {
  const startedMs = performance.now();
  const seen: string[] = [];
  {
    await using demo = await Demo.start();
    const { decider, enforcer } = demo;
    say("hub, web1 and web2, each with a key of its own, on this machine");
    say(`web1 bans by ${decider.about}, web2 by ${enforcer.about}`);
    seen.push(await showBan(demo), await showKill(demo));
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  say(
    `\nseen: ${seen.join("; ")}; all stopped and removed after ${
      seconds.toFixed(1)
    } s`,
  );
}

if (import.meta.main) await leaveNothing(demo);
