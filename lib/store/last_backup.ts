/**
 * The time of the publisher's last backup. The backup command notes it beside
 * the store, and `status` shows it.
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

/** Path of the note in the state folder. */
export function lastBackupPath(stateDir: string): string {
  return `${stateDir}/backup.json`;
}

/** The note's stored form. */
export const LAST_BACKUP_FORM: StoredForm<LastBackup> = versioned(
  "the time of the last backup",
  record<Versioned<LastBackup>>({
    version: integer("version", 1, 1),
    atMs: integer("atMs", 0),
  }),
);
