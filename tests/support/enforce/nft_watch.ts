/**
 * Counts changes of a firewall from the kernel's notifications.
 *
 * @module
 */

import { ChildProcess } from "../host/child_process.ts";
import type { NetworkNamespace } from "../host/network_namespace.ts";
import { waitUntil } from "../host/wait_until.ts";

/**
 * An element with a timeout: a ban put in force. Its name alone is printed
 * before.
 */
const IN_FORCE = /^add element inet fail2ban_cluster \S+ \{ (\S+) timeout/;

/** Follows `nft monitor` in a network namespace. */
export class NftWatch implements AsyncDisposable {
  /** How often each address was put in force. */
  readonly times = new Map<string, number>();
  /** First time of each, by `performance.now()`. */
  readonly firstMs = new Map<string, number>();
  readonly #network: NetworkNamespace;
  readonly #monitor: ChildProcess;

  private constructor(network: NetworkNamespace) {
    this.#network = network;
    const [command, ...args] = network.inside("nft");
    this.#monitor = new ChildProcess({
      command,
      args: [...args, "monitor"],
      onLine: (line) => this.#note(line),
    });
  }

  /** Starts to watch before the first change. */
  static async start(network: NetworkNamespace): Promise<NftWatch> {
    const watch = new NftWatch(network);
    await waitUntil(async () => {
      await network.run("nft", "add table inet seen; delete table inet seen");
      return watch.#monitor.stdout.length > 0;
    }, { what: "nft monitor", timeoutMs: 10_000, intervalMs: 50 });
    return watch;
  }

  /** The addresses in force, in any order. */
  async inForce(): Promise<readonly string[]> {
    const listed = await this.#network.run("nft", "list", "ruleset");
    return [...listed.matchAll(/([\d.]+) timeout/g)].map(([, it = ""]) => it);
  }

  #note(line: string): void {
    const address = IN_FORCE.exec(line)?.[1];
    if (address === undefined) return;
    const times = this.times.get(address) ?? 0;
    this.times.set(address, times + 1);
    if (times === 0) this.firstMs.set(address, performance.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor[Symbol.asyncDispose]();
  }
}
