/**
 * A fake release, and a root folder to install it into.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { runInstaller, writeRelease } from "./installer.ts";
import { TempDir } from "../host/temp_dir.ts";

/** Where install.sh installs the configuration. */
export const CONF = "etc/fail2ban-cluster/fail2ban-cluster.conf";
/** Where it installs fail2ban's jail. */
export const JAIL = "etc/fail2ban/jail.d/fail2bancluster.conf";

/** A folder with a release and a target, with spaces in their paths. */
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

  /** Runs the release's own install.sh. */
  async run(verb: string, ...args: string[]) {
    return await runInstaller([verb, "--destdir", this.root, ...args], {
      from: this.release,
    });
  }

  /** Runs it with test programs before those of the system in the PATH. */
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

  /** Runs it, and asserts success. */
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

/** Whether a path exists. */
export async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}
