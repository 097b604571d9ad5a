/**
 * Observes the state folder.
 *
 * @module
 */

import { asideCommand, DATABASE_ENDS, oddKind } from "../../lib/base/aside.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  type FileTrouble,
  type StateFacts,
} from "../../lib/diagnosis/state_check.ts";
import { commandIn } from "../../lib/diagnosis/action_check.ts";
import { infoOf, lookAtFolder } from "../../lib/diagnosis/io/file_look.ts";
import { findWriteTrouble } from "../../lib/diagnosis/io/program_output.ts";
import { ledgerPath } from "../../lib/enforce/io/sqlite_ban_ledger.ts";
import { SecretFile } from "../../lib/members/io/secret_file.ts";
import { ALLOWLIST_FORM } from "../../lib/protection/allowlist.ts";
import { findStateFolder } from "../../lib/service/io/state_folder.ts";
import { banStorePath } from "../../lib/store/io/sqlite_ban_store.ts";
import { replicaPath } from "../../lib/store/io/sqlite_replica_store.ts";
import { PositionFile } from "../../lib/tail/io/position_file.ts";
import { identityFile, memberListFile } from "./member_files.ts";

/** The first bytes of every SQLite database. */
const SQLITE_HEAD = "SQLite format 3\0";
const ROOT = 0;

/**
 * Observes the state folder.
 *
 * @param path The folder.
 * @param serviceUser The services' user; `undefined` when there are no
 * services.
 */
export async function observeState(
  path: string,
  serviceUser: string | undefined,
): Promise<StateFacts> {
  const folder = await findStateFolder(path);
  const uid = Deno.uid();
  const isOurs = folder !== undefined && (uid === ROOT || uid === folder.uid);
  const look = folder === undefined
    ? { freeBytes: undefined, strangers: [], aside: [] }
    : await lookAtFolder(path, folder.uid);
  return {
    ...{ path, owner: folder?.owner, serviceUser, isOurs, ...look },
    unwritable: folder && await findWriteTrouble(path),
    troubles: folder === undefined || !isOurs ? [] : await troublesIn(path),
  };
}

async function troublesIn(path: string): Promise<readonly FileTrouble[]> {
  const found = await Promise.all([
    troubleOf(identityFile(path).read(), false),
    troubleOf(memberListFile(path).read(), false),
    troubleOf(new PositionFile(`${path}/monitor.position`).load(), true),
    troubleOf(
      new SecretFile(`${path}/allowlist.json`, ALLOWLIST_FORM).read(),
      true,
    ),
    databaseTrouble(banStorePath(path), false),
    databaseTrouble(replicaPath(path), true),
    databaseTrouble(ledgerPath(path), true),
  ]);
  return found.filter((trouble) => trouble !== undefined);
}

/** The error of reading a state file, if any. */
async function troubleOf(
  reading: Promise<unknown>,
  healsItself: boolean,
): Promise<FileTrouble | undefined> {
  try {
    await reading;
    return undefined;
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const [, path = "", reason = error.message] =
      /^(?:cannot read )?(\/.*?): (.*)$/s.exec(error.message) ?? [];
    const isMode = /others may read/.test(reason);
    return {
      path,
      reason,
      fix: healsItself && !isMode ? undefined : commandIn(error.hint),
      healsItself: healsItself && !isMode,
    };
  }
}

/** Checks only the first bytes: opening a database may change it. */
async function databaseTrouble(
  path: string,
  healsItself: boolean,
): Promise<FileTrouble | undefined> {
  const info = await infoOf(path);
  if (info === undefined) return undefined;
  const reason = oddKind(info) ?? await headTrouble(path);
  if (reason === undefined) return undefined;
  const there = new Set<string>();
  for (const end of DATABASE_ENDS) {
    if (await infoOf(path + end) !== undefined) there.add(path + end);
  }
  const aside = asideCommand(path, (name) => there.has(name), DATABASE_ENDS);
  return { path, reason, fix: healsItself ? undefined : aside, healsItself };
}

async function headTrouble(path: string): Promise<string | undefined> {
  const head = new Uint8Array(SQLITE_HEAD.length);
  using file = await Deno.open(path);
  const count = await file.read(head);
  // A new database is empty until something is stored.
  if (count === null) return undefined;
  return new TextDecoder().decode(head) === SQLITE_HEAD
    ? undefined
    : "it is no database";
}
