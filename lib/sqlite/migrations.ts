/**
 * The versions of a database, and the migrations between them.
 *
 * The version is SQLite's `user_version`; the kind of database is its
 * `application_id`.
 *
 * @see {@link https://www.sqlite.org/pragma.html | SQLite, PRAGMA Statements}
 * @module
 */

import { atOnce, type SqlDatabase, valuesOf } from "./sql.ts";
import { UnusableStoreError } from "./store_errors.ts";

/** The kind of a database, and its versions. */
export interface StoreSchema {
  /** Identifies the kind of database; 1 to 2^31 - 1. */
  readonly applicationId: number;
  /** Statements from version `index` to the next; 0 is an empty file. */
  readonly migrations: readonly string[];
  /** Essential tables: always checked completely. */
  readonly vital: readonly string[];
  /** Queries that count invalid rows: always run. */
  readonly questions: readonly string[];
}

/** How much of a database is checked. */
export type Inspection = "all" | "vital";

/** Most reported damages. */
const MAX_DAMAGES = 3;

/**
 * Checks a database before it is used. Writes nothing.
 *
 * @param database May be read-only.
 * @param schema The expected schema.
 * @param inspection How much of it is checked.
 * @returns Its version.
 * @throws {UnusableStoreError} when it is damaged, of another kind, or newer.
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
 * Migrates a database to the latest version, in one transaction. Writes nothing
 * if it has that version.
 *
 * @param database Must be writable.
 * @param schema The expected schema.
 * @param first Called in the same transaction, after the last step.
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
  const shown = found.slice(0, MAX_DAMAGES).join("; ").replaceAll("\n", " ");
  throw new UnusableStoreError("damaged", `it is damaged: ${shown}`);
}

function pragma(database: SqlDatabase, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
