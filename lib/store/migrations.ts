/**
 * The versions of a stored database, and how one becomes the next.
 *
 * The version is SQLite's `user_version`, what the file is for its
 * `application_id`.
 *
 * @see {@link https://www.sqlite.org/pragma.html | SQLite, PRAGMA Statements}
 * @module
 */

import { atOnce, type SqlDatabase, valuesOf } from "./sql.ts";
import { UnusableStoreError } from "./store_errors.ts";

/** What a database is for, and its versions. */
export interface StoreSchema {
  /** Told apart by it; 1 to 2^31 - 1. */
  readonly applicationId: number;
  /** The statements that lead from version `index` to the next; 0: an empty file. */
  readonly migrations: readonly string[];
  /** Tables without which nothing can be done: always looked at as a whole. */
  readonly vital: readonly string[];
  /** Questions whose answer is how many rows are wrong: always asked. */
  readonly questions: readonly string[];
}

/** How much of a database is looked at. */
export type Inspection = "all" | "vital";

/** Damages that are told, at most. */
const MAX_DAMAGES = 3;

/**
 * Looks at a database before it is used. Writes nothing.
 *
 * @param database Its connection may be one for reading.
 * @param schema What it should be.
 * @param inspection How much of its structure is gone through.
 * @returns Its version.
 * @throws {UnusableStoreError} when it is damaged, something else, or newer.
 * @throws SQLite's error when it can't be read.
 */
export function inspectStore(
  database: SqlDatabase,
  { applicationId, migrations, vital, questions }: StoreSchema,
  inspection: Inspection,
): number {
  const id = pragma(database, "application_id");
  if (id !== applicationId) {
    throw new UnusableStoreError("damaged", "it is none of this program's");
  }
  const version = pragma(database, "user_version");
  if (version > migrations.length) {
    throw new UnusableStoreError(
      "newer",
      `its version is ${version}, and this program knows up to ${migrations.length}`,
    );
  }
  if (version < 1) {
    throw new UnusableStoreError("damaged", `its version is ${version}`);
  }
  const checks = inspection === "all"
    ? [`${MAX_DAMAGES}`]
    : vital.map((table) => `'${table}'`);
  for (const check of checks) quickCheck(database, check);
  for (const question of questions) {
    const [wrong] = valuesOf(database.prepare(question).get() ?? {});
    if (wrong !== 0) {
      const message = `it is damaged: an index misses ${wrong} rows`;
      throw new UnusableStoreError("damaged", message);
    }
  }
  return version;
}

/**
 * Brings a database to the last version, all steps at once or none. Writes
 * nothing where it is of that version.
 *
 * @param database For writing.
 * @param schema What it should be.
 * @param first What is done in the same transaction, after the last step.
 */
export function migrateStore(
  database: SqlDatabase,
  { applicationId, migrations }: StoreSchema,
  first: () => void = () => {},
): void {
  const version = pragma(database, "user_version");
  if (version === migrations.length) return;
  atOnce(database, () => {
    for (const step of migrations.slice(version)) database.exec(step);
    database.exec(`
      PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${migrations.length}`);
    first();
  });
}

function quickCheck(database: SqlDatabase, of: string): void {
  const found = database.prepare(`PRAGMA quick_check(${of})`).all()
    .map((row) => String(row["quick_check"]));
  if (found.length === 1 && found[0] === "ok") return;
  const told = found.slice(0, MAX_DAMAGES).join("; ").replaceAll("\n", " ");
  throw new UnusableStoreError("damaged", `it is damaged: ${told}`);
}

function pragma(database: SqlDatabase, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
