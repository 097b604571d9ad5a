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

/** Notes who is let in, and whose connections are cut. */
export class MemoryPort implements MemberConnections {
  /** The addresses of those that shake hands, by ZAP domain. */
  readonly shaking = new Map<string, string>();
  /** Who was let in, in order. */
  readonly letIn: HostName[] = [];
  /** Whose connections were cut, in order. */
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
