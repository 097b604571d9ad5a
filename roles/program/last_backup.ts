/**
 * The time of this publisher's last backup.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";
import { SecretFile } from "../../lib/members/io/secret_file.ts";
import {
  LAST_BACKUP_FORM,
  lastBackupPath,
} from "../../lib/store/last_backup.ts";

/**
 * Reads the time.
 *
 * @returns Milliseconds since 1970, by the system's clock; `undefined` for
 * never or unknown.
 */
export async function lastBackupMs(
  stateDir: string,
): Promise<number | undefined> {
  try {
    return (await fileIn(stateDir).read())?.atMs;
  } catch (error) {
    if (error instanceof RuntimeError) return undefined;
    throw error;
  }
}

/** Stores the time. @throws {RuntimeError} when it can't be written. */
export async function noteBackup(
  stateDir: string,
  atMs: number,
): Promise<void> {
  await fileIn(stateDir).replace({ atMs });
}

function fileIn(stateDir: string) {
  return new SecretFile(lastBackupPath(stateDir), LAST_BACKUP_FORM);
}
