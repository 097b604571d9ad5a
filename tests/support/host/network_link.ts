/**
 * Two network namespaces with a link that can be cut. Needs the parts `netns`
 * and `nftables` of `real_parts.ts`.
 *
 * @module
 */

import { NetworkNamespace } from "./network_namespace.ts";

/** The node's packets to drop. */
export type Cut = "both" | "incoming" | "outgoing";

const RULES: Readonly<Record<"incoming" | "outgoing", string>> = {
  incoming:
    'chain incoming { type filter hook input priority 0; iifname != "lo" drop; }',
  outgoing:
    'chain outgoing { type filter hook output priority 0; oifname != "lo" drop; }',
};

/** A network namespace for a hub, and one for a node. */
export class NetworkLink implements AsyncDisposable {
  readonly hub: NetworkNamespace;
  readonly node: NetworkNamespace;
  /** The hub's address. */
  readonly hubAddress = "10.99.0.1";

  private constructor(hub: NetworkNamespace, node: NetworkNamespace) {
    this.hub = hub;
    this.node = node;
  }

  /** Creates and connects both. */
  static async create(): Promise<NetworkLink> {
    const hub = await NetworkNamespace.create();
    const node = await NetworkNamespace.create();
    const link = new NetworkLink(hub, node);
    await hub.join(node, ["f2bc0", "f2bc1"]);
    await hub.run("ip", "address", "add", "10.99.0.1/24", "dev", "f2bc0");
    await node.run("ip", "address", "add", "10.99.0.2/24", "dev", "f2bc1");
    await hub.run("ip", "link", "set", "f2bc0", "up");
    await node.run("ip", "link", "set", "f2bc1", "up");
    return link;
  }

  /** Silently drops packets from now on. */
  async cut(what: Cut): Promise<void> {
    const rules = what === "both" ? Object.values(RULES) : [RULES[what]];
    await this.node.run("nft", `table inet cut {\n${rules.join("\n")}\n}`);
  }

  /** Stops dropping packets. */
  async mend(): Promise<void> {
    await this.node.run("nft", "delete", "table", "inet", "cut");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
  }
}
