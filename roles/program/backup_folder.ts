/**
 * The folder of a backup while it is made: beside the one that it becomes, so
 * that no half backup has that name.
 *
 * @module
 */

import { DatabaseFiles, folderOf } from "../../lib/sqlite/database_files.ts";

const FILES = new DatabaseFiles(Deno);
/** Locked in a folder that is being made; what is there and not locked was left by one that was ended. */
const MARK = ".unfinished-backup";
const END = ".new";

/** A folder that goes away unless it is finished. */
export class BackupFolder implements AsyncDisposable {
  /** Where it is until it is finished. */
  readonly path: string;
  readonly #dir: string;
  readonly #mark: Deno.FsFile;
  #isFinished = false;

  private constructor(dir: string, path: string, mark: Deno.FsFile) {
    this.#dir = dir;
    this.path = path;
    this.#mark = mark;
  }

  /**
   * Makes one, and removes what unfinished backups left beside it.
   *
   * @param dir What it becomes; nothing has this name.
   */
  static async begin(dir: string): Promise<BackupFolder> {
    await removeLeftovers(folderOf(dir));
    const path = FILES.freeName(`${dir}${END}`);
    await Deno.mkdir(path, { mode: 0o700 });
    const mark = FILES.open(`${path}/${MARK}`);
    mark.tryLockSync(true);
    return new BackupFolder(dir, path, mark);
  }

  /** Gives it its name. */
  async finish(): Promise<void> {
    await Deno.rename(this.path, this.#dir);
    this.#isFinished = true;
    await Deno.remove(`${this.#dir}/${MARK}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.#isFinished) await Deno.remove(this.path, { recursive: true });
    } finally {
      this.#mark.close();
    }
  }
}

/** Of other programs' folders, and of backups that are being made, none is touched. */
async function removeLeftovers(folder: string): Promise<void> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory && name.endsWith(END) && isLeftover(path)) {
        await Deno.remove(path, { recursive: true });
      }
    }
  } catch (error) {
    // Who may make a folder there need not be allowed to look around.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

function isLeftover(path: string): boolean {
  const mark = `${path}/${MARK}`;
  if (FILES.see(mark)?.isFile !== true) return false;
  using file = Deno.openSync(mark, { read: true, write: true });
  return file.tryLockSync(true);
}
