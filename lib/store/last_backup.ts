/**
 * When the publisher was last backed up: noted beside its store by whoever
 * makes a backup, for whoever asks how the cluster is.
 *
 * @module
 */

import {
  type StoredForm,
  type Versioned,
  versioned,
} from "../base/json_form.ts";
import { integer, record } from "../base/json_shape.ts";

/** The last backup. */
export interface LastBackup {
  /** When it was made, in milliseconds since 1970, by the system's clock. */
  readonly atMs: number;
}

/** Where that is noted in the folder for state. */
export function lastBackupPath(stateDir: string): string {
  return `${stateDir}/backup.json`;
}

/** Its stored form. */
export const LAST_BACKUP_FORM: StoredForm<LastBackup> = versioned(
  "the time of the last backup",
  record<Versioned<LastBackup>>({
    version: integer("version", 1, 1),
    atMs: integer("atMs", 0),
  }),
);
