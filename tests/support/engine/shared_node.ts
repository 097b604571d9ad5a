/**
 * A host that reports bans to several publishers of one table, and replicates
 * them.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { ChildProcess } from "../host/child_process.ts";
import { appendLog, banLine, testAddress } from "../fail2ban/fail2ban_lines.ts";
import { waitUntil } from "../host/wait_until.ts";
import type { SharedMembersCluster } from "./shared_members_cluster.ts";

/** Its programs end with the cluster. */
export class SharedNode {
  readonly #shared: SharedMembersCluster;
  readonly #node: string;
  readonly #programs: readonly ChildProcess[];
  #banned = 0;

  private constructor(
    shared: SharedMembersCluster,
    node: string,
    programs: readonly ChildProcess[],
  ) {
    this.#shared = shared;
    this.#node = node;
    this.#programs = programs;
  }

  /**
   * Joins the cluster, and starts the programs.
   *
   * @param hub The active publisher.
   * @param hubs Number of publishers that it searches, running or not.
   */
  static async join(
    shared: SharedMembersCluster,
    node: string,
    hub: string,
    hubs: number,
  ): Promise<SharedNode> {
    const { cluster } = shared;
    const { controlserver, streamserver } = shared.places(hubs);
    await cluster.addHost(node, { monitor: { bantime: "1d" }, subscriber: {} });
    await appendLog(cluster.logPath(node), "");
    const code = await shared.operate(`node add ${node}`, hub);
    await shared.operate(`join ${code.trim()}`, node);
    // The code was created for one publisher, so this line is written by hand.
    const path = `${cluster.dir}/${node}/fail2ban-cluster.local`;
    const joined = await Deno.readTextFile(path);
    const others = joined.split("\n").filter((line) =>
      !/^(control|stream)server/.test(line)
    );
    await Deno.writeTextFile(
      path,
      others.join("\n")
        .replace("[monitor]", `$&\ncontrolserver = ${controlserver}`)
        .replace(
          "[subscriber]",
          `$&\ncontrolserver = ${controlserver}\nstreamserver = ${streamserver}`,
        ),
    );
    const programs = [
      await cluster.start("monitor", node),
      await cluster.start("subscriber", node),
    ];
    return new SharedNode(shared, node, programs);
  }

  /**
   * Bans further addresses, and waits until a publisher and the host's own
   * replica have them.
   */
  async bans(hub: string, count: number): Promise<void> {
    await this.report(count);
    const { cluster } = this.#shared;
    const places = [["publisher", hub], ["subscriber", this.#node]] as const;
    for (const [role, host] of places) {
      await waitUntil(
        async () => (await cluster.peek(role, host))?.["seq"] === this.#banned,
        { what: `${this.#banned} bans at ${host}`, timeoutMs: 20_000 },
      );
    }
  }

  /** Bans further addresses. */
  async report(count: number): Promise<void> {
    const path = this.#shared.cluster.logPath(this.#node);
    for (let more = 0; more < count; more++) {
      await appendLog(path, banLine("sshd", testAddress(++this.#banned)));
    }
  }

  /**
   * Asserts that it was not restarted, took no second snapshot, and lost
   * nothing.
   */
  async expectAsItWas(seq: number): Promise<void> {
    const { cluster } = this.#shared;
    ok(this.#programs.every(({ hasEnded }) => !hasEnded));
    const copy = await cluster.figures("subscriber", this.#node);
    deepStrictEqual([copy["seq"], copy["bans"]], [seq, seq]);
    ok(Number(copy["snapshots"]) <= 1, `${copy["snapshots"]} snapshots`);
    const { acknowledged } = await cluster.figures("monitor", this.#node);
    strictEqual(acknowledged, seq);
  }
}
