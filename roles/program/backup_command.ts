/**
 * `fail2ban-cluster backup` and `restore`: copies the publisher's store, keys
 * and member list to a folder with the layout of the state folder, and back.
 *
 * @module
 */

import { diskHint } from "../../lib/base/disk_hint.ts";
import { RuntimeError, UsageError } from "../../lib/base/errors.ts";
import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";
import { banStorePath } from "../../lib/store/io/sqlite_ban_store.ts";
import {
  copyStore,
  type ReturnedStore,
  returnStore,
  type StoreContents,
} from "../../lib/store/io/store_copies.ts";
import { DatabaseFiles, folderOf } from "../../lib/sqlite/database_files.ts";
import { memberListPath } from "../../lib/members/io/secret_file.ts";
import { BackupFolder } from "./backup_folder.ts";
import { noteBackup } from "./last_backup.ts";
import { identityFile, memberListFile } from "./member_files.ts";
import { isRunning } from "./running_programs.ts";
import type { CarryOut, Workplace } from "./workplace.ts";

const FILES = new DatabaseFiles(Deno);

/** The verbs of this file. */
export const VERBS = {
  "backup": backUp,
  "restore": restore,
} as const satisfies Readonly<Record<string, CarryOut>>;

/**
 * Makes a backup, even while the publisher runs.
 *
 * @param command Its operand is the folder, which must not exist.
 * @param place This host.
 * @throws {RuntimeError} when it exists, or something can't be read or written.
 */
async function backUp(
  { operands }: TypedCommand,
  { config: { stateDir }, editor: { atMs: nowMs } }: Workplace,
): Promise<OperatorOutput> {
  const dir = (operands[0] ?? "").replace(/(?<=.)\/+$/, "");
  return await onDisk(`cannot make ${dir}`, folderOf(dir), async () => {
    if (FILES.see(dir) !== undefined) {
      throw new RuntimeError(`${dir} is there already`, {
        hint: "each backup needs a new folder: give a name that is not there",
      });
    }
    const path = banStorePath(stateDir);
    if (FILES.see(path) === undefined) {
      throw new RuntimeError(`there is no store in ${stateDir} to back up`, {
        hint: "run it on the publisher's host",
      });
    }
    await using folder = await BackupFolder.begin(dir);
    const contents = await copyStore(path, banStorePath(folder.path), nowMs);
    const members = await copyMembers(stateDir, folder.path);
    await folder.finish();
    return {
      lines: [],
      notes: [
        `backed up to ${dir}: ${contentsText(contents)}, ${
          membersText(members)
        }`,
        "it contains the cluster's keys: keep it as safe as this host",
        ...await noteIn(stateDir, nowMs),
      ],
    };
  });
}

/**
 * Notes the backup for `status`; the backup is good even if that fails.
 * @returns Warnings.
 */
async function noteIn(
  stateDir: string,
  nowMs: number,
): Promise<readonly string[]> {
  try {
    await noteBackup(stateDir, nowMs);
    return [];
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return [`status will not show it: ${error.message}`];
  }
}

/**
 * Restores a backup, or makes a store from a subscriber's replica, or both:
 * keys and members of the backup, bans of the replica. The publisher must not
 * run. Replaced files are kept beside the new ones.
 *
 * @param command Its operand is the folder; `--from` names a replica.
 * @param place This host.
 * @throws {UsageError} when both are missing.
 * @throws {RuntimeError} when the publisher runs, or something can't be read or
 * written.
 */
async function restore(
  { operands: [dir], options }: TypedCommand,
  { config: { stateDir, publisherPidFile }, editor: { atMs: nowMs } }:
    Workplace,
): Promise<OperatorOutput> {
  const from = options.get("from");
  const copy = typeof from === "string" ? from : undefined;
  if (dir === undefined && copy === undefined) {
    throw new UsageError("restore needs the folder of a backup, or --from", {
      hint: "a subscriber's copy is replica.sqlite3 in its statedir",
    });
  }
  if (await isRunning(publisherPidFile)) {
    throw new RuntimeError("the publisher runs, and writes to the store", {
      hint: "stop it first: systemctl stop fail2ban-publisher",
    });
  }
  return await onDisk("cannot restore", stateDir, async () => {
    refuseMissing(dir, copy);
    // Read errors must come before anything is changed.
    const members = dir === undefined ? undefined : await readMembers(dir);
    await Deno.mkdir(stateDir, { recursive: true, mode: 0o700 });
    const returned = await returnStore({
      from: copy ?? banStorePath(dir ?? ""),
      ...{ nowMs, path: banStorePath(stateDir) },
      kind: copy === undefined ? "store" : "replica",
    });
    const before = await putMembers(stateDir, members);
    return { lines: [], notes: restoredNotes(returned, members, before) };
  });
}

/**
 * Checks that the named files exist: SQLite would blame a folder that is not
 * writable.
 */
function refuseMissing(
  dir: string | undefined,
  copy: string | undefined,
): void {
  if (copy !== undefined && FILES.see(copy) === undefined) {
    throw new RuntimeError(`there is no ${copy}`, {
      hint: "a subscriber's copy is replica.sqlite3 in its statedir",
    });
  }
  if (dir === undefined) return;
  if (FILES.see(dir) === undefined) {
    throw new RuntimeError(`there is no ${dir}`, {
      hint: "fail2ban-cluster backup DIR makes a backup",
    });
  }
  const store = banStorePath(dir);
  if (copy === undefined && FILES.see(store) === undefined) {
    throw new RuntimeError(`${dir} is not a backup: there is no ${store}`, {
      hint: "fail2ban-cluster backup DIR makes one",
    });
  }
}

type Members = Awaited<ReturnType<typeof readMembers>>;

async function readMembers(dir: string) {
  const identity = await identityFile(dir).read();
  const list = await memberListFile(dir).read();
  return { identity, list };
}

async function copyMembers(from: string, to: string): Promise<Members> {
  const members = await readMembers(from);
  await writeMembers(to, members);
  return members;
}

async function writeMembers(
  dir: string,
  { identity, list }: Members,
): Promise<void> {
  if (identity !== undefined) await identityFile(dir).replace(identity);
  if (list !== undefined) await memberListFile(dir).replace(list);
}

/** @returns The path of the replaced members. */
async function putMembers(
  stateDir: string,
  members: Members | undefined,
): Promise<string | undefined> {
  const hasSome = members?.identity !== undefined ||
    members?.list !== undefined;
  if (members === undefined || !hasSome) return undefined;
  const folder = folderOf(memberListPath(stateDir));
  const before = FILES.see(folder) && FILES.freeName(`${folder}.before`);
  if (before !== undefined) await Deno.rename(folder, before);
  await writeMembers(stateDir, members);
  return before;
}

/**
 * Reports errors of the file system as operational errors.
 *
 * @param what What failed, for the message.
 * @param folder The folder concerned, for the hint.
 * @throws {RuntimeError} when the system refuses something.
 */
async function onDisk<T>(
  what: string,
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new RuntimeError(`${what}: ${error.message}`, {
      hint: diskHint(error, folder) ??
        `the folder must be there, and writable: ${folder}`,
      cause: error,
    });
  }
}

function restoredNotes(
  returned: ReturnedStore,
  members: Members | undefined,
  membersBefore: string | undefined,
): readonly string[] {
  const kept = [returned.before, membersBefore].filter((path) =>
    path !== undefined
  );
  return [
    `restored ${contentsText(returned)}` +
    (members === undefined ? "" : `, ${membersText(members)}`),
    ...kept.map((path) => `the previous one is kept as ${path}`),
    "next: systemctl start fail2ban-publisher; no node lifts a restored ban",
  ];
}

function contentsText({ bans, seq }: StoreContents): string {
  const noun = bans === 1 ? "ban" : "bans";
  return `${bans.toLocaleString("en")} ${noun} (change ${
    seq.toLocaleString("en")
  })`;
}

function membersText({ identity, list }: Members): string {
  const { members = [], allowed = [] } = list ?? {};
  const keys = identity === undefined ? "no keys" : "the publisher's keys";
  const noun = members.length === 1 ? "member" : "members";
  return `${keys}, ${members.length} ${noun}, an allowlist of ${allowed.length}`;
}
