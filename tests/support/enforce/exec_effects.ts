/**
 * An exec action that records each call in a file, so that a test can count
 * them.
 *
 * @module
 */

import type { Sections, TestCluster } from "../cluster/test_cluster.ts";

/** A summary of the calls. */
export interface Effects {
  /** Number of calls. */
  readonly calls: number;
  /** The addresses that are banned. */
  readonly inForce: readonly string[];
  /** Number of bans of banned addresses and unbans of others. */
  readonly repeated: number;
}

/** Records the calls of a subscriber's action. */
export class ExecEffects {
  readonly #path: string;
  readonly #program: string;

  private constructor(path: string, program: string) {
    this.#path = path;
    this.#program = program;
  }

  /** Creates it for a host that is added later. */
  static async of(cluster: TestCluster, host: string): Promise<ExecEffects> {
    const path = `${cluster.dir}/${host}.effects`;
    const program = `${cluster.dir}/${host}.act`;
    await Deno.writeTextFile(path, "");
    const text = `#!/bin/sh\necho "$1 $2" >> '${path}'\n`;
    await Deno.writeTextFile(program, text);
    await Deno.chmod(program, 0o700);
    return new ExecEffects(path, program);
  }

  /** The settings of the host. */
  get sections(): Sections {
    return {
      subscriber: { subscriberaction: "exec", execprogram: this.#program },
    };
  }

  /** The recorded calls, `ban ADDRESS` and `unban ADDRESS`. */
  async lines(): Promise<string[]> {
    const text = await Deno.readTextFile(this.#path);
    return text.split("\n").slice(0, -1);
  }

  /** A summary so far. */
  async now(): Promise<Effects> {
    const lines = await this.lines();
    const inForce = new Set<string>();
    let repeated = 0;
    for (const line of lines) {
      const [kind, address = ""] = line.split(" ");
      const isBan = kind === "ban";
      if (inForce.has(address) === isBan) repeated++;
      if (isBan) inForce.add(address);
      else inForce.delete(address);
    }
    return { calls: lines.length, inForce: [...inForce].sort(), repeated };
  }
}
