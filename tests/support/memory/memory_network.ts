/**
 * A host's network and its resolver, in memory: they say what a test wants.
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

/** A host without addresses, until a test gives it some. */
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

/** Knows only what a test told it. */
export class MemoryResolver implements HostResolver {
  /** Every name that was asked for, oldest first. */
  readonly asked: string[] = [];
  /** Names that wait for an answer now. */
  waiting = 0;
  /** The most that ever waited. */
  mostAtOnce = 0;
  readonly #answers = new Map<string, Answer>();

  /** From now on the name has these addresses. */
  knows(name: string, ...texts: string[]): void {
    this.#answers.set(name, texts.map(address));
  }

  /** From now on the name leads to this error. */
  fails(name: string, error: Error): void {
    this.#answers.set(name, error);
  }

  /** From now on the name has no answer, not even a bad one. */
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
      // Nobody answers before the one who asked has gone on.
      await Promise.resolve();
      if (answer instanceof Error) throw answer;
      return answer === "none" ? [] : answer;
    } finally {
      this.waiting--;
    }
  }
}
