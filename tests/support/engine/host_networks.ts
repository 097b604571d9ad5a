/**
 * Hosts in network namespaces, connected by one switch. Needs the parts `netns`
 * and `nftables` of `real_parts.ts`.
 *
 * @module
 */

import { NetworkNamespace } from "../host/network_namespace.ts";

/** Hosts by name, with the addresses 10.99.0.1 and so on in order. */
export class HostNetworks implements AsyncDisposable {
  readonly #held: AsyncDisposableStack;
  readonly #networks: ReadonlyMap<string, NetworkNamespace>;

  private constructor(
    held: AsyncDisposableStack,
    networks: ReadonlyMap<string, NetworkNamespace>,
  ) {
    this.#held = held;
    this.#networks = networks;
  }

  /** Creates and connects the networks. */
  static async create(hosts: readonly string[]): Promise<HostNetworks> {
    await using held = new AsyncDisposableStack();
    const middle = held.use(await NetworkNamespace.create());
    await middle.run("ip", "link", "add", "f2bc", "type", "bridge");
    await middle.run("ip", "link", "set", "f2bc", "up");
    const networks = new Map<string, NetworkNamespace>();
    for (const [at, name] of hosts.entries()) {
      const network = held.use(await NetworkNamespace.create());
      const port = `port${at}`;
      await middle.join(network, [port, "up0"]);
      await middle.run("ip", "link", "set", port, "master", "f2bc");
      await middle.run("ip", "link", "set", port, "up");
      const address = `${addressAt(at)}/24`;
      await network.run("ip", "address", "add", address, "dev", "up0");
      await network.run("ip", "link", "set", "up0", "up");
      networks.set(name, network);
    }
    return new HostNetworks(held.move(), networks);
  }

  /** A host's network. */
  of(host: string): NetworkNamespace {
    const network = this.#networks.get(host);
    if (network === undefined) throw new Error(`No host ${host}`);
    return network;
  }

  /** A host's address. */
  addressOf(host: string): string {
    return addressAt([...this.#networks.keys()].indexOf(host));
  }

  /** Silently drops a host's packets from and to these ports from now on. */
  async cut(host: string, ports: readonly number[]): Promise<void> {
    const drops = (iface: string) =>
      ["sport", "dport"].map((end) =>
        `${iface} "up0" tcp ${end} { ${ports.join(", ")} } drop;`
      ).join(" ");
    const chain = (hook: string, iface: string) =>
      `chain ${hook} { type filter hook ${hook} priority 0; ${drops(iface)} }`;
    const chains = `${chain("input", "iifname")}\n${
      chain("output", "oifname")
    }`;
    await this.of(host).run("nft", `table inet cut {\n${chains}\n}`);
  }

  /** Stops dropping packets. */
  async mend(host: string): Promise<void> {
    await this.of(host).run("nft", "delete", "table", "inet", "cut");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

function addressAt(at: number): string {
  return `10.99.0.${at + 1}`;
}
