/**
 * A port whose connections are a list.
 *
 * @module
 */

import type { HostName } from "../../../lib/base/host_name.ts";
import type {
  AskedConnection,
  MemberConnections,
} from "../../../lib/front/front.ts";

/** Records admitted members and cut connections. */
export class MemoryPort implements MemberConnections {
  /** Addresses of connections in their handshake, by ZAP domain. */
  readonly shaking = new Map<string, string>();
  /** Admitted members, in order. */
  readonly letIn: HostName[] = [];
  /** Members whose connections were cut, in order. */
  readonly cuts: HostName[] = [];

  asked(zapDomain: string): AskedConnection | undefined {
    const address = this.shaking.get(zapDomain);
    if (address === undefined) return undefined;
    return { address, letIn: (node) => void this.letIn.push(node) };
  }

  cut(node: HostName): number {
    this.cuts.push(node);
    const open = this.letIn.filter((each) => each === node).length;
    return open;
  }
}
