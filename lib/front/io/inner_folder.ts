/**
 * A private folder for the private addresses of the program's sockets.
 *
 * A killed process leaves its folder behind. A running one holds a lock in its
 * folder, so the next process can tell which folders are abandoned.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";

/**
 * Maximum length of the folder's path; a Unix socket's has 108 bytes, on some
 * systems 104.
 */
const MAX_PATH_BYTES = 80;
/** Parent of the folder when the temporary folder's own path is too long. */
const SHORT_FOLDER = "/tmp";
const PREFIX = "fail2ban-publisher-";
const NAME = /^fail2ban-publisher-[0-9a-f]{1,16}$/;
const LOCK = "lock";
/** Permissions of temporary folders made by Deno. */
const PRIVATE = 0o700;

/** An existing folder, and the lock held in it. */
interface LockedFolder {
  readonly path: string;
  readonly lock: Deno.FsFile;
}

/** A folder with mode 0700 and an unpredictable name; removed at disposal. */
export class InnerFolder implements Disposable {
  readonly #folder: LockedFolder;

  /**
   * Creates the folder, and removes those of dead processes.
   *
   * @throws {RuntimeError} when the folder can't be created.
   */
  constructor() {
    try {
      this.#folder = makeFolder();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new RuntimeError(
        `cannot make a folder for sockets: ${error.message}`,
        { hint: "TMPDIR must be a folder to write to", cause: error },
      );
    }
    removeAbandoned(parentOf(this.#folder.path));
  }

  /** The path of a socket in the folder. */
  pathOf(name: string): string {
    return `${this.#folder.path}/${name}`;
  }

  /** Removes a socket without a listener. */
  remove(path: string): void {
    removeIfPossible(path);
  }

  [Symbol.dispose](): void {
    removeIfPossible(this.#folder.path);
    this.#folder.lock.close();
  }
}

function makeFolder(): LockedFolder {
  const folder = lockedFolder();
  const bytes = new TextEncoder().encode(folder.path).length;
  if (bytes <= MAX_PATH_BYTES) return folder;
  removeIfPossible(folder.path);
  folder.lock.close();
  return lockedFolder(SHORT_FOLDER);
}

function lockedFolder(dir?: string): LockedFolder {
  while (true) {
    const path = Deno.makeTempDirSync(
      dir === undefined ? { prefix: PREFIX } : { dir, prefix: PREFIX },
    );
    const lock = Deno.openSync(`${path}/${LOCK}`, {
      createNew: true,
      write: true,
    });
    lock.lockSync(true);
    // Another process may have removed it as abandoned before it was locked.
    if (isThere(path)) return { path, lock };
    lock.close();
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch (error) {
    return ifRefused(error, false);
  }
}

function removeAbandoned(parent: string): void {
  for (const { name, isDirectory } of entriesOf(parent)) {
    if (isDirectory && NAME.test(name)) removeIfAbandoned(`${parent}/${name}`);
  }
}

function removeIfAbandoned(path: string): void {
  if (!isOwn(path)) return;
  const lock = openIfThere(`${path}/${LOCK}`);
  if (lock === undefined) return;
  if (lock.tryLockSync(true) && holdsSocketsOnly(path)) removeIfPossible(path);
  lock.close();
}

function isOwn(path: string): boolean {
  try {
    const { uid, mode } = Deno.lstatSync(path);
    return uid === Deno.uid() && ((mode ?? 0) & 0o777) === PRIVATE;
  } catch (error) {
    return ifRefused(error, false);
  }
}

function openIfThere(path: string): Deno.FsFile | undefined {
  try {
    if (!Deno.lstatSync(path).isFile) return undefined;
    return Deno.openSync(path, { write: true });
  } catch (error) {
    return ifRefused(error, undefined);
  }
}

function holdsSocketsOnly(path: string): boolean {
  return entriesOf(path).every(({ name, isFile, isDirectory, isSymlink }) =>
    name === LOCK || !isFile && !isDirectory && !isSymlink
  );
}

function entriesOf(path: string): readonly Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch (error) {
    return ifRefused(error, []);
  }
}

/** A later start removes what can't be removed now, if it matters. */
function removeIfPossible(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    ifRefused(error, undefined);
  }
}

/** Replaces an error of the system by a value; a TypeError is a bug of ours. */
function ifRefused<T>(error: unknown, value: T): T {
  if (!(error instanceof Error) || error instanceof TypeError) throw error;
  return value;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
