/**
 * A made-up release, and a root to install it into.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { runInstaller, writeRelease } from "./installer.ts";
import { TempDir } from "../host/temp_dir.ts";

/** Where install.sh puts the configuration. */
export const CONF = "etc/fail2ban-cluster/fail2ban-cluster.conf";
/** Where it puts fail2ban's jail. */
export const JAIL = "etc/fail2ban/jail.d/fail2bancluster.conf";

/** A folder with a release in it, whose paths have spaces, and where it goes. */
export class InstallPlace implements AsyncDisposable {
  readonly release: string;
  readonly root: string;
  readonly #dir: TempDir;

  private constructor(dir: TempDir) {
    this.#dir = dir;
    this.release = dir.path("a release");
    this.root = dir.path("the root");
  }

  static async create(): Promise<InstallPlace> {
    const place = new InstallPlace(await TempDir.create());
    await writeRelease(place.release);
    return place;
  }

  /** Runs install.sh of nowhere else than the release. */
  async run(verb: string, ...args: string[]) {
    return await runInstaller([verb, "--destdir", this.root, ...args], {
      from: this.release,
    });
  }

  /** The same, with programs of the test's own before those of the system. */
  async runWith(
    programs: Readonly<Record<string, string>>,
    verb: string,
    ...args: string[]
  ) {
    const first = `${this.#dir.path()}/first`;
    await Deno.mkdir(first, { recursive: true });
    for (const [name, text] of Object.entries(programs)) {
      await this.#dir.write(`first/${name}`, `#!/bin/sh\n${text}\n`, 0o755);
    }
    return await runInstaller([verb, "--destdir", this.root, ...args], {
      from: this.release,
      env: { PATH: `${first}:${Deno.env.get("PATH")}` },
    });
  }

  /** Runs it, and it has to go well. */
  async done(verb: string, ...args: string[]): Promise<readonly string[]> {
    const { code, said, complained } = await this.run(verb, ...args);
    strictEqual(code, 0, complained.join("\n"));
    deepStrictEqual(complained, []);
    return said;
  }

  path(name: string): string {
    return `${this.root}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dir[Symbol.asyncDispose]();
  }
}

/** Whether there is anything at a path. */
export async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}
