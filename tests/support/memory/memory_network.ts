/**
 * A host's network and resolver in memory, with answers that a test sets.
 *
 * @module
 */

import type { Address } from "../../../lib/base/address.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import type { HostName } from "../../../lib/base/host_name.ts";
import type {
  HostNetwork,
  HostNetworkSource,
  HostResolver,
} from "../../../lib/protection/ports.ts";
import { Condition } from "../../../lib/async/tasks.ts";
import { address } from "../values/core_values.ts";

/** A host, at first without addresses. */
export class MemoryNetwork implements HostNetworkSource {
  own: readonly Address[] | undefined = [];
  gateways: readonly Address[] | undefined = [];
  resolvers: readonly Address[] | undefined = [];
  problems: readonly string[] = [];

  read(): Promise<HostNetwork> {
    const { own, gateways, resolvers, problems } = this;
    return Promise.resolve({ own, gateways, resolvers, problems });
  }
}

type Answer = readonly Address[] | Error | "none";

/** Knows only the names that a test set. */
export class MemoryResolver implements HostResolver {
  /** All requested names, oldest first. */
  readonly asked: string[] = [];
  /** Number of pending lookups. */
  waiting = 0;
  /** Highest number of pending lookups. */
  mostAtOnce = 0;
  readonly #answers = new Map<string, Answer>();

  /** Sets a name's addresses. */
  knows(name: string, ...texts: string[]): void {
    this.#answers.set(name, texts.map(address));
  }

  /** Makes a name's lookup fail. */
  fails(name: string, error: Error): void {
    this.#answers.set(name, error);
  }

  /** Makes a name's lookup hang. */
  hangs(name: string): void {
    this.#answers.set(name, "none");
  }

  async resolve(
    name: HostName,
    signal: AbortSignal,
  ): Promise<readonly Address[]> {
    this.asked.push(name);
    this.waiting++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.waiting);
    try {
      const answer = this.#answers.get(name) ??
        new RuntimeError(`${name} has no address`);
      if (answer === "none") await new Condition().wait(signal);
      // An answer never comes before the caller continues.
      await Promise.resolve();
      if (answer instanceof Error) throw answer;
      return answer === "none" ? [] : answer;
    } finally {
      this.waiting--;
    }
  }
}
