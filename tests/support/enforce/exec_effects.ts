/**
 * An exec action that notes each call in a file, so that it can be counted what
 * was applied, and how often.
 *
 * @module
 */

import type { Sections, TestCluster } from "../cluster/test_cluster.ts";

/** What the calls came to. */
export interface Effects {
  /** Calls. */
  readonly calls: number;
  /** Whom they banned and did not unban since. */
  readonly inForce: readonly string[];
  /** Bans of who was banned, and unbans of who was not. */
  readonly repeated: number;
}

/** Notes what a subscriber does. */
export class ExecEffects {
  readonly #path: string;
  readonly #program: string;

  private constructor(path: string, program: string) {
    this.#path = path;
    this.#program = program;
  }

  /** For a host that is not added yet. */
  static async of(cluster: TestCluster, host: string): Promise<ExecEffects> {
    const path = `${cluster.dir}/${host}.effects`;
    const program = `${cluster.dir}/${host}.act`;
    await Deno.writeTextFile(path, "");
    const text = `#!/bin/sh\necho "$1 $2" >> '${path}'\n`;
    await Deno.writeTextFile(program, text);
    await Deno.chmod(program, 0o700);
    return new ExecEffects(path, program);
  }

  /** What the host's configuration says for it. */
  get sections(): Sections {
    return {
      subscriber: { subscriberaction: "exec", execprogram: this.#program },
    };
  }

  /** The calls so far, `ban ADDRESS` and `unban ADDRESS`. */
  async lines(): Promise<string[]> {
    const text = await Deno.readTextFile(this.#path);
    return text.split("\n").slice(0, -1);
  }

  /** What they came to so far. */
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
