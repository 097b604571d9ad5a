/**
 * Lets a program run once, and others find it.
 *
 * @module
 */

import { RuntimeError } from "../errors.ts";

/** The pid file can't be written: without one, the program can still run. */
export class UnwritablePidFileError extends RuntimeError {}

/** Who holds a pid file. */
export interface PidFileHolder {
  /** The process id that the file names. */
  readonly pid: number;
  /** Whether that process runs; if not, it ended without removing the file. */
  readonly runs: boolean;
}

/**
 * A pid file that is locked as long as its process lives, so that neither a
 * stale file nor a process id given to another program misleads anybody.
 *
 * @example
 * ```ts ignore
 * await using pidFile = await PidFile.take("/run/fail2ban-monitor.pid", Deno.pid);
 * if (pidFile.stalePid !== undefined) log.record("notice", "stale pid file");
 * ```
 */
export class PidFile implements AsyncDisposable {
  /** Whom the file named although nobody held it. */
  readonly stalePid: number | undefined;
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile, stalePid?: number) {
    this.#path = path;
    this.#file = file;
    this.stalePid = stalePid;
  }

  /**
   * Takes the file.
   *
   * @param path Absolute path.
   * @param pid The process id to write.
   * @throws {RuntimeError} when a running process holds it.
   * @throws {UnwritablePidFileError} when it can't be written.
   */
  static async take(path: string, pid: number): Promise<PidFile> {
    while (true) {
      const file = await open(path);
      try {
        await lock(file, path);
        if (await isNamed(file, path)) {
          const stalePid = await readPid(path);
          await file.truncate();
          await file.write(new TextEncoder().encode(`${pid}\n`));
          return new PidFile(path, file, stalePid);
        }
      } catch (error) {
        file.close();
        throw error;
      }
      // Its last holder removed it between the opening and the locking.
      file.close();
    }
  }

  /**
   * Asks who holds a pid file.
   *
   * @param path Absolute path.
   * @returns `undefined` when there is no such file, or it names nobody.
   */
  static async holder(path: string): Promise<PidFileHolder | undefined> {
    const pid = await readPid(path);
    if (pid === undefined) return undefined;
    using file = await Deno.open(path);
    const isFree = await file.tryLock(false);
    return { pid, runs: !isFree };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Deno.remove(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    } finally {
      this.#file.close();
    }
  }
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { create: true, read: true, write: true });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UnwritablePidFileError(`cannot write ${path}: ${error.message}`, {
      hint: "run as root, or set pidfile to a place that may be written",
      cause: error,
    });
  }
}

async function lock(file: Deno.FsFile, path: string): Promise<void> {
  if (await file.tryLock(true)) return;
  const holder = await readPid(path);
  throw new RuntimeError(`already runs, with process id ${holder ?? "?"}`, {
    hint: `stop it first; its pid file is ${path}`,
  });
}

/** Whether the path still leads to the open file. */
async function isNamed(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    const [open, named] = [await file.stat(), await Deno.stat(path)];
    return open.dev === named.dev && open.ino === named.ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function readPid(path: string): Promise<number | undefined> {
  try {
    const text = await Deno.readTextFile(path);
    return /^\d{1,10}\n?$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
