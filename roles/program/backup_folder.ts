/**
 * The folder of a backup in progress. It has a temporary name, so that no
 * partial backup gets the final one.
 *
 * @module
 */

import { DatabaseFiles, folderOf } from "../../lib/sqlite/database_files.ts";

const FILES = new DatabaseFiles(Deno);
/**
 * Locked while its folder is in progress; an unlocked mark means an interrupted
 * backup.
 */
const MARK = ".unfinished-backup";
const END = ".new";

/** A folder that is removed unless it is finished. */
export class BackupFolder implements AsyncDisposable {
  /** Its temporary path. */
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
   * Creates the folder, and removes those of interrupted backups beside it.
   *
   * @param dir The final path, which must not exist.
   */
  static async begin(dir: string): Promise<BackupFolder> {
    await removeLeftovers(folderOf(dir));
    const path = FILES.freeName(`${dir}${END}`);
    await Deno.mkdir(path, { mode: 0o700 });
    const mark = FILES.open(`${path}/${MARK}`);
    mark.tryLockSync(true);
    return new BackupFolder(dir, path, mark);
  }

  /** Gives the folder its final name. */
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

/** Leaves other programs' folders and backups in progress alone. */
async function removeLeftovers(folder: string): Promise<void> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory && name.endsWith(END) && isLeftover(path)) {
        await Deno.remove(path, { recursive: true });
      }
    }
  } catch (error) {
    // A user may create a folder there without permission to list it.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

function isLeftover(path: string): boolean {
  const mark = `${path}/${MARK}`;
  if (FILES.see(mark)?.isFile !== true) return false;
  using file = Deno.openSync(mark, { read: true, write: true });
  return file.tryLockSync(true);
}
