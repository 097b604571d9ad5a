/**
 * Scripts as programs for `exec`, and their processes. Linux only.
 *
 * @module
 */

import {
  ExecEnforcer,
  type ExecEnforcerOptions,
} from "../../../lib/enforce/io/exec_enforcer.ts";
import { checkProgram } from "../../../lib/enforce/io/program_check.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { TempDir } from "../host/temp_dir.ts";

/** A script in its own folder. */
export class Program implements AsyncDisposable {
  readonly #dir: TempDir;
  /** Its path. */
  readonly path: string;

  private constructor(dir: TempDir, path: string) {
    this.#dir = dir;
    this.path = path;
  }

  /**
   * Writes a script.
   *
   * @param lines Lines of the script; `$dir` is its folder.
   * @param name Name of the file.
   */
  static async write(lines: readonly string[], name = "act"): Promise<Program> {
    const dir = await TempDir.create();
    const text = ["#!/bin/sh", `dir='${dir.path()}'`, ...lines, ""].join("\n");
    return new Program(dir, await dir.write(name, text, 0o700));
  }

  /** An enforcer that runs it. */
  enforcer(options: Partial<ExecEnforcerOptions> = {}): ExecEnforcer {
    const clock = new SystemClock();
    return new ExecEnforcer({
      clock,
      program: this.path,
      checkProgram,
      ...options,
    });
  }

  /** The lines of a file that the script wrote; empty before. */
  async lines(name: string): Promise<string[]> {
    try {
      const text = await Deno.readTextFile(this.#dir.path(name));
      return text.split("\n").slice(0, -1);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** The names of the files in its folder. */
  async names(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.#dir.path()));
    return entries.map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dir[Symbol.asyncDispose]();
  }
}

/** Whether a process runs; a zombie does not. */
export async function runs(pid: string): Promise<boolean> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
