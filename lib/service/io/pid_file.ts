/**
 * Ensures that a program runs only once, and lets others find it.
 *
 * @module
 */

import { asideCommand, oddKind } from "../../base/aside.ts";
import { RuntimeError } from "../../base/errors.ts";

/** The pid file can't be written; the program can still run without one. */
export class UnwritablePidFileError extends RuntimeError {}

/** A pid file kept open, so that its holder's end is noticed. */
export class SeenPidFile implements Disposable {
  /** The process id that the file names. */
  readonly pid: number;
  readonly #file: Deno.FsFile;

  /**
   * @param pid The process id that the file names.
   * @param file The open file.
   */
  constructor(pid: number, file: Deno.FsFile) {
    this.pid = pid;
    this.#file = file;
  }

  /**
   * Whether that process runs. If not, it has ended, even if the file still
   * exists.
   */
  async runs(): Promise<boolean> {
    if (!await this.#file.tryLock(false)) return true;
    await this.#file.unlock();
    return false;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Longest time that a program holds the lock only to check it. */
const LOOK_MS = 5;
const LOOKS = 20;
const MAX_PID_BYTES = 11;
/** Only for the owner: anyone who can open the file can lock it. */
const OWN_MODE = 0o600;
const A_FILE = { isFile: true, isDirectory: false };
/** Longest content of a valid pid file from any program. */
const MAX_OTHER_BYTES = 24;

/**
 * A pid file that stays locked while its process lives, so that neither a stale
 * file nor a reused process id misleads anybody.
 *
 * @example
 * ```ts ignore
 * await using pidFile = await PidFile.take("/run/fail2ban-monitor.pid", Deno.pid);
 * if (pidFile.stalePid !== undefined) log.record("notice", "stale pid file");
 * ```
 */
export class PidFile implements AsyncDisposable {
  /** The process id in a file that no process had locked. */
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
   * @throws {UnwritablePidFileError} when it can't be written, or holds
   *   anything but a process id.
   */
  static async take(path: string, pid: number): Promise<PidFile> {
    while (true) {
      const file = await open(path);
      try {
        await lock(file, path);
        if (await isNamed(file, path)) {
          const stalePid = await readPid(file);
          await makeOwn(file, path);
          await file.truncate();
          await file.seek(0, Deno.SeekMode.Start);
          await file.write(new TextEncoder().encode(`${pid}\n`));
          return new PidFile(path, file, stalePid);
        }
      } catch (error) {
        file.close();
        throw error;
      }
      // The last holder removed it after the opening and before the locking.
      file.close();
    }
  }

  /**
   * Reads a pid file without taking it.
   *
   * @param path Absolute path.
   * @returns `undefined` when the file does not exist, or has no process id.
   * @throws {RuntimeError} when it can't be read.
   */
  static async see(path: string): Promise<SeenPidFile | undefined> {
    let file: Deno.FsFile | undefined;
    try {
      await refuseOdd(path);
      file = await Deno.open(path);
      const pid = await readPid(file);
      if (pid !== undefined) return new SeenPidFile(pid, file);
    } catch (error) {
      file?.close();
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw cannotRead(path, error);
    }
    file.close();
    return undefined;
  }

  /** Removes the file. The lock stays until the process ends, for waiters. */
  async leave(): Promise<void> {
    try {
      await Deno.remove(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Removes the file and gives up the lock. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.leave();
    } finally {
      this.#file.close();
    }
  }
}

/** Refuses a pipe, because reading it would block. */
async function refuseOdd(path: string): Promise<void> {
  const odd = oddKind(
    await Deno.stat(path).catch((error: unknown) => {
      if (error instanceof Deno.errors.NotFound) return A_FILE;
      throw error;
    }),
  );
  if (odd !== undefined) throw new OddPidFileError(odd);
}

/** The path has something other than a pid file. */
class OddPidFileError extends Error {}

/** A hint to move the file by hand: it may belong to somebody. */
function asideHint(path: string): string {
  const command = asideCommand(path, (name) => {
    try {
      return Deno.lstatSync(name).mode !== undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });
  return `set pidfile to a file of its own; or run: ${command}`;
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    await refuseOdd(path);
    return await Deno.open(path, {
      create: true,
      read: true,
      write: true,
      mode: OWN_MODE,
    });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new UnwritablePidFileError(`cannot write ${path}: ${error.message}`, {
    hint: error instanceof OddPidFileError
      ? asideHint(path)
      : "run as root, or set pidfile to a place that may be written",
    cause: error,
  });
}

async function lock(file: Deno.FsFile, path: string): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    if (await file.tryLock(true)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const holder = await readPid(file);
  throw new RuntimeError(`already runs, with process id ${holder ?? "?"}`, {
    hint: `stop it first; its pid file is ${path}`,
  });
}

/** Checks that the file is no other program's, and closes it to others. */
async function makeOwn(file: Deno.FsFile, path: string): Promise<void> {
  await file.seek(0, Deno.SeekMode.Start);
  const bytes = new Uint8Array(MAX_OTHER_BYTES + 1);
  const count = await file.read(bytes) ?? 0;
  const text = new TextDecoder().decode(bytes.subarray(0, count));
  if (count > MAX_OTHER_BYTES || !/^[-\d\s]*$/.test(text)) {
    const what = "it holds something else than a process id";
    throw new UnwritablePidFileError(`cannot write ${path}: ${what}`, {
      hint: asideHint(path),
    });
  }
  try {
    await Deno.chmod(path, OWN_MODE);
  } catch (error) {
    throw cannotWrite(path, error);
  }
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

/** Reads from the start; `undefined` if it is no process id. */
async function readPid(file: Deno.FsFile): Promise<number | undefined> {
  const bytes = new Uint8Array(MAX_PID_BYTES + 1);
  const count = await file.read(bytes) ?? 0;
  const text = new TextDecoder().decode(bytes.subarray(0, count));
  return /^\d{1,10}\n?$/.test(text) ? Number(text) : undefined;
}

function cannotRead(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new RuntimeError(`cannot read ${path}: ${error.message}`, {
    hint: error instanceof OddPidFileError
      ? asideHint(path)
      : "run as root, or as the program's own user",
    cause: error,
  });
}
