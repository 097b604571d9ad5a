/**
 * Stores a value in a file that only its user may read.
 *
 * @module
 */

import { lchown, open } from "node:fs/promises";
import { asideCommand, asidePath, oddKind } from "../../base/aside.ts";
import { diskHint } from "../../base/disk_hint.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { Log } from "../../log/log.ts";
import type { StoredForm } from "../../base/json_form.ts";

const ALL_BUT_ITS_USER = 0o077;
const ALL_BUT_ITS_GROUP = 0o007;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Interval between checks of a watched file. */
const CHECK_INTERVAL_MS = 500;

/** Path of the publisher's identity in the state folder. */
export function identityPath(stateDir: string): string {
  return `${stateDir}/members/publisher.json`;
}

/** Path of the publisher's list of members. */
export function memberListPath(stateDir: string): string {
  return `${stateDir}/members/members.json`;
}

/** Path of a node's membership. */
export function membershipPath(stateDir: string): string {
  return `${stateDir}/membership.json`;
}

/** Options for {@link SecretFile}. */
export interface SecretFileOptions {
  /** Whether the file's group may read it as well. @default {false} */
  readonly isGroups?: boolean;
  /**
   * Returns the hint for a damaged file: what is lost without it, and the
   * command that repairs it. The argument is the command that moves the file
   * aside.
   */
  readonly mend?: (asideCommand: string) => string;
}

/** The file exists but has unexpected contents. */
class DamagedFileError extends RuntimeError {}

/**
 * A value in a file of mode 0600, in a folder that belongs to the file's owner.
 * Each write makes a new file, forces it to the disk and renames it over the
 * old one. Links are never followed, because root may edit a file in a folder
 * that a service can write to.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/rename.2.html | rename(2)}
 *
 * @example
 * ```ts ignore
 * const file = new SecretFile(memberListPath(stateDir), MEMBER_LIST_FORM);
 * await file.edit((list = NO_MEMBERS) => withMember(list, member, editor));
 * ```
 */
export class SecretFile<T> {
  readonly #path: string;
  readonly #form: StoredForm<T>;
  readonly #others: number;
  readonly #mend: SecretFileOptions["mend"];
  #wake = () => {};
  /** Mark of the file at the last read; `undefined`: not read yet. */
  #seen: string | undefined;

  /**
   * @param path Absolute path; a missing folder is created.
   * @param form The stored form of the value.
   * @param options See {@link SecretFileOptions}.
   */
  constructor(
    path: string,
    form: StoredForm<T>,
    { isGroups = false, mend }: SecretFileOptions = {},
  ) {
    this.#mend = mend;
    this.#path = path;
    this.#form = form;
    this.#others = isGroups ? ALL_BUT_ITS_GROUP : ALL_BUT_ITS_USER;
  }

  /**
   * Reads the value.
   *
   * @returns `undefined` when there is no file.
   * @throws {RuntimeError} when others may read the file, or it is damaged.
   */
  async read(): Promise<T | undefined> {
    try {
      // Opening a pipe would wait for its other end.
      const facts = await Deno.stat(this.#path);
      this.#seen = markOf(facts);
      const odd = oddKind(facts);
      if (odd !== undefined) throw new DamagedFileError(odd);
      if (((facts.mode ?? 0) & this.#others) !== 0) {
        throw new RuntimeError("others may read it", {
          hint: `chmod 600 ${this.#path}`,
        });
      }
      return this.#decode(await Deno.readTextFile(this.#path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        this.#seen = "";
        return undefined;
      }
      throw this.#cannot("read", error);
    }
  }

  /**
   * Replaces the value by one derived from it, under a lock.
   *
   * @param change Derives the new value from the current one, `undefined` if
   * there is none. If it throws, the file stays as it is.
   * @returns The new value.
   * @throws {RuntimeError} when the file can't be read or written.
   */
  async edit(change: (value: T | undefined) => T): Promise<T> {
    const folder = await this.#makeFolder();
    using lock = await this.#openFolder();
    await lock.lock(true);
    const value = change(await this.read());
    await this.#replace(value, folder);
    return value;
  }

  /** Replaces the current value, which may be damaged. */
  async replace(value: T): Promise<void> {
    const folder = await this.#makeFolder();
    using lock = await this.#openFolder();
    await lock.lock(true);
    await this.#replace(value, folder);
  }

  /**
   * Yields the value whenever the file has been replaced, until aborted. A file
   * that can't be read is logged once and skipped; the previous value stays in
   * force.
   *
   * @param signal Ends it; the sequence then returns.
   * @param log Receives log records.
   */
  async *watch(signal: AbortSignal, log: Log): AsyncGenerator<T> {
    this.#seen ??= await this.#mark();
    let reported: string | undefined;
    while (await this.#pause(signal)) {
      try {
        const mark = await this.#mark();
        if (mark === this.#seen) continue;
        this.#seen = mark;
        const value = await this.read();
        reported = undefined;
        if (value === undefined) throw new RuntimeError("it is gone");
        yield value;
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        if (error.message === reported) continue;
        reported = error.message;
        log.record("error", "the file stays as it was read before", {
          reason: error.message,
        });
      }
    }
  }

  #decode(text: string): T {
    try {
      return this.#form.decode(text);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { message, hint } = error;
      throw new DamagedFileError(message, {
        ...hint === undefined ? {} : { hint },
        cause: error,
      });
    }
  }

  /** Checks a watched file now. */
  look(): void {
    this.#wake();
  }

  async #replace(value: T, folder: Deno.FileInfo): Promise<void> {
    const beside = `${this.#path}.new`;
    try {
      const text = this.#form.encode(value);
      await removeLeftover(beside);
      await writeNew(beside, text, folder);
      await clearWay(this.#path);
      await Deno.rename(beside, this.#path);
      using opened = await Deno.open(this.#folder);
      await opened.sync();
    } catch (error) {
      throw this.#cannot("write", error);
    }
  }

  get #folder(): string {
    return this.#path.slice(0, this.#path.lastIndexOf("/")) || "/";
  }

  /** @returns The folder; files created in it belong to its owner. */
  async #makeFolder(): Promise<Deno.FileInfo> {
    const folder = this.#folder;
    try {
      await makeFolder(folder);
      return await Deno.stat(folder);
    } catch (error) {
      throw this.#cannot("write", error);
    }
  }

  async #openFolder(): Promise<Deno.FsFile> {
    try {
      return await Deno.open(this.#folder);
    } catch (error) {
      throw this.#cannot("write", error);
    }
  }

  /** @returns Whether to continue. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    const woken = Promise.withResolvers<void>();
    const wake = () => woken.resolve();
    const timer = setTimeout(wake, CHECK_INTERVAL_MS);
    this.#wake = wake;
    signal.addEventListener("abort", wake, { once: true });
    if (!signal.aborted) await woken.promise;
    signal.removeEventListener("abort", wake);
    clearTimeout(timer);
    return !signal.aborted;
  }

  /** A text that changes whenever the file is replaced. */
  async #mark(): Promise<string> {
    try {
      return markOf(await Deno.stat(this.#path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw this.#cannot("read", error);
    }
  }

  #cannot(what: string, error: unknown): unknown {
    if (error instanceof RuntimeError) {
      const hint = this.#hintOf(error);
      return new RuntimeError(`${this.#path}: ${error.message}`, {
        ...(hint === undefined ? {} : { hint }),
        cause: error,
      });
    }
    if (!(error instanceof Error) || error instanceof TypeError) return error;
    return new RuntimeError(`cannot ${what} ${this.#path}: ${error.message}`, {
      hint: diskHint(error, this.#folder) ??
        "the folder is statedir in [general]; its owner and root may",
      cause: error,
    });
  }

  #hintOf(error: RuntimeError): string | undefined {
    return error instanceof DamagedFileError && this.#mend !== undefined
      ? this.#mend(asideCommand(this.#path, isThere))
      : error.hint;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Moves a folder aside that a file can't replace. */
async function clearWay(path: string): Promise<void> {
  const seen = await Deno.lstat(path).catch(unlessMissing);
  if (seen?.isDirectory !== true) return;
  const aside = asidePath(path);
  await Deno.remove(aside, { recursive: true }).catch(unlessMissing);
  await Deno.rename(path, aside);
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/**
 * Creates a folder and its missing parents, each owned by the owner of its
 * parent.
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.stat(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const above = folder.slice(0, folder.lastIndexOf("/")) || "/";
    await makeFolder(above);
    try {
      await Deno.mkdir(folder, { mode: FOLDER_MODE });
    } catch (failure) {
      // Another process created it at the same time, in the same way.
      if (!(failure instanceof Deno.errors.AlreadyExists)) throw failure;
    }
    const owner = ownerFor(await Deno.lstat(folder), await Deno.stat(above));
    if (owner !== undefined) await lchown(folder, owner.uid, owner.gid);
  }
}

/** Removes the file that a killed edit left; the lock excludes other edits. */
async function removeLeftover(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Writes a new file; fails where a file or link of that name exists. */
async function writeNew(
  path: string,
  text: string,
  folder: Deno.FileInfo,
): Promise<void> {
  const file = await open(path, "wx", FILE_MODE);
  try {
    await file.writeFile(text);
    const { uid, gid } = await file.stat();
    const owner = ownerFor({ uid, gid }, folder);
    if (owner !== undefined) await file.chown(owner.uid, owner.gid);
    await file.sync();
  } finally {
    await file.close();
  }
}

type Owner = { readonly uid: number; readonly gid: number };

/**
 * The owner for a new file in a folder: a file that root creates in a service's
 * folder belongs to the service.
 *
 * @returns `undefined` if the owner need not or can't be changed.
 */
function ownerFor(
  made: Pick<Deno.FileInfo, "uid" | "gid">,
  { uid, gid }: Deno.FileInfo,
): Owner | undefined {
  const isIts = made.uid === uid && made.gid === gid;
  return isIts || Deno.uid() !== 0 || uid === null || gid === null
    ? undefined
    : { uid, gid };
}

function markOf({ ino, mtime, size, mode }: Deno.FileInfo): string {
  return [ino, mtime?.getTime(), size, mode].join();
}
