/**
 * Checks the state folder: its owner, free space and damaged files.
 *
 * @module
 */

import { shellWord } from "../base/aside.ts";
import type { Commands } from "./fix_commands.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** A damaged file of state. */
export interface FileTrouble {
  readonly path: string;
  readonly reason: string;
  /** A command that fixes it. */
  readonly fix: string | undefined;
  /** Whether the program fixes it at its next start. */
  readonly healsItself: boolean;
}

/** The observed state of the state folder. */
export interface StateFacts {
  readonly path: string;
  /** `undefined`: the folder is missing. */
  readonly owner: string | undefined;
  /** The user of the services; `undefined`: there are none. */
  readonly serviceUser: string | undefined;
  /**
   * Why this user can't write there, in the system's words; `undefined`: it
   * can.
   */
  readonly unwritable: string | undefined;
  /**
   * Whether this user is root or the folder's owner; others need not write
   * there.
   */
  readonly isOurs: boolean;
  /** Free space on its disk, in bytes; `undefined`: unknown. */
  readonly freeBytes: number | undefined;
  /** Files in it that do not belong to the folder's owner. */
  readonly strangers: readonly string[];
  readonly troubles: readonly FileTrouble[];
  /** Files that were moved aside as damaged. */
  readonly aside: readonly string[];
}

const FULL_BYTES = 256 << 10;
const SCARCE_BYTES = 64 << 20;
const SUBJECT = "state";

/** Checks the state folder; returns one finding for each problem. */
export function checkState(
  facts: StateFacts,
  commands: Commands,
): readonly Finding[] {
  const { path, owner } = facts;
  if (owner === undefined) {
    return [warning(
      SUBJECT,
      `there is no ${path} yet: a program makes it when it starts`,
      commands.hasServices
        ? `systemctl start ${commands.monitorService ?? "fail2ban-monitor"}`
        : undefined,
    )];
  }
  const found = [
    ...checkFolder(facts),
    ...checkRoom(facts),
    ...checkFiles(facts),
  ];
  return found.length > 0 ? found : [
    fine(SUBJECT, `${path}, ${owner}'s${roomText(facts)}`),
  ];
}

function checkFolder(facts: StateFacts): readonly Finding[] {
  const { path, owner = "", serviceUser, strangers } = facts;
  const folder = shellWord(path);
  if (serviceUser !== undefined && owner !== serviceUser) {
    return [fault(
      SUBJECT,
      `${path} belongs to ${owner}, and the services run as ${serviceUser}`,
      `chown -R ${serviceUser}: ${folder}`,
    )];
  }
  const found: Finding[] = [];
  const { unwritable, isOurs } = facts;
  if (unwritable !== undefined && isOurs) {
    const isReadOnly = /read-only/i.test(unwritable);
    found.push(fault(
      SUBJECT,
      `${path} can't be written: ${unwritable}`,
      isReadOnly
        ? `mount -o remount,rw "$(findmnt -nro TARGET -T ${folder})"`
        : `chmod u+rwx ${folder}`,
    ));
  } else if (unwritable !== undefined) {
    found.push(warning(
      SUBJECT,
      `${path} is ${owner}'s: this user can't look at all of it`,
      "sudo fail2ban-cluster doctor",
    ));
  }
  if (strangers.length > 0) {
    const [first = "", ...others] = strangers;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    found.push(fault(
      SUBJECT,
      `${first}${more} in ${path} belong to somebody else than ${owner}`,
      `chown -R --reference=${folder} ${folder}`,
    ));
  }
  return found;
}

function checkRoom({ path, freeBytes }: StateFacts): readonly Finding[] {
  if (freeBytes === undefined || freeBytes >= SCARCE_BYTES) return [];
  const text = `the disk of ${path} has ${megabytes(freeBytes)} left`;
  const fix = `df -h ${shellWord(path)}`;
  return [
    freeBytes < FULL_BYTES
      ? fault("disk", `${text}: nothing more can be kept`, fix)
      : warning("disk", text, fix),
  ];
}

function checkFiles({ troubles, aside }: StateFacts): readonly Finding[] {
  return [
    ...troubles.map(({ path, reason, fix, healsItself }) =>
      healsItself
        ? warning(SUBJECT, `${path}: ${reason}; mended at the next start`, fix)
        : fault(SUBJECT, `${path}: ${reason}`, fix)
    ),
    ...aside.map((path) =>
      warning(
        SUBJECT,
        `${path} was damaged, and put aside`,
        `rm -r ${shellWord(path)}`,
      )
    ),
  ];
}

function roomText({ freeBytes }: StateFacts): string {
  return freeBytes === undefined ? "" : `, ${megabytes(freeBytes)} free`;
}

function megabytes(bytes: number): string {
  return bytes >= 1 << 30
    ? `${(bytes / 2 ** 30).toFixed(0)} GiB`
    : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
