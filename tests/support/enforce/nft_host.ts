/**
 * A network namespace with its own nftables. Needs the parts `netns` and
 * `nftables` of `real_parts.ts`.
 *
 * @module
 */

import { NftEnforcer } from "../../../lib/nftables/nft_enforcer.ts";
import { NftProcess } from "../../../lib/nftables/io/nft_process.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { NetworkNamespace } from "../host/network_namespace.ts";
import { testWith } from "../host/real_parts.ts";

/** Where test packets are sent to, by family. */
const TARGETS = { 4: "203.0.113.9", 6: "2001:db8:ffff::9" } as const;

/** A host with only nftables. */
export class NftHost implements AsyncDisposable {
  readonly #namespace: NetworkNamespace;

  private constructor(namespace: NetworkNamespace) {
    this.#namespace = namespace;
  }

  static async create(): Promise<NftHost> {
    return new NftHost(await NetworkNamespace.create());
  }

  /** An enforcer on this host. */
  enforcer(): NftEnforcer {
    const command = this.#namespace.inside("nft");
    const clock = new SystemClock();
    return new NftEnforcer({ clock, program: new NftProcess(clock, command) });
  }

  /** An enforcer on this host, run as another user. */
  enforcerOfNobody(): NftEnforcer {
    const command = this.#namespace.inside("setpriv");
    command.push("--reuid=65534", "--clear-groups", "nft");
    const clock = new SystemClock();
    return new NftEnforcer({ clock, program: new NftProcess(clock, command) });
  }

  /** The command that runs a program on this host. */
  inside(program: string): [string, ...string[]] {
    return this.#namespace.inside(program);
  }

  /** Runs a program. */
  async run(program: string, ...args: string[]): Promise<string> {
    return await this.#namespace.run(program, ...args);
  }

  /** Runs `nft`. */
  async nft(...args: string[]): Promise<string> {
    return await this.run("nft", ...args);
  }

  /** Number of packets from the address that the table drops, of one sent. */
  async dropsFrom(source: string): Promise<number> {
    const family = source.includes(":") ? 6 : 4;
    const ip = (...args: string[]) => this.run("ip", `-${family}`, ...args);
    const target = TARGETS[family];
    const before = await this.#dropped(family);
    // Without `nodad` the kernel takes a moment until an address may be a source.
    const atOnce = family === 6 ? ["nodad"] : [];
    await ip("address", "add", source, "dev", "lo", ...atOnce);
    await ip(
      ...["route", "replace", "local", target, "dev", "lo"],
      ...["src", source, "table", "local"],
    );
    await this.run("bash", "-c", `echo >/dev/udp/${target}/9`);
    await ip("address", "delete", source, "dev", "lo");
    return await this.#dropped(family) - before;
  }

  async #dropped(family: 4 | 6): Promise<number> {
    const name = `dropped${family}`;
    const text = await this.nft(
      "list",
      "counter",
      "inet",
      "fail2ban_cluster",
      name,
    );
    return Number(/packets (\d+)/.exec(text)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#namespace[Symbol.asyncDispose]();
  }
}

/** Registers a test that needs a host with nftables. */
export function testNft(
  name: string,
  fn: (host: NftHost) => Promise<void>,
): void {
  testWith(["netns", "nftables"], name, async () => {
    await using host = await NftHost.create();
    await fn(host);
  });
}
