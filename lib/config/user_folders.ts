/**
 * The places of an ordinary user, who may not write the default ones.
 *
 * @module
 */

import { OPTIONS, type Role } from "./options.ts";
import type { OptionValues } from "./config_reader.ts";

/** Folders that stand in for the default places that a user may not write. */
export interface UserFolders {
  /** Absolute path, in place of the default `statedir`; `undefined`: that one may be written. */
  readonly state: string | undefined;
  /** Absolute path, in place of the folder of the default pid files; likewise. */
  readonly run: string | undefined;
}

/** Values of the options, with a user's own folders where they are in use. */
export interface PlacedValues {
  readonly values: OptionValues;
  /** By `section.key`: the path in place of the default. */
  readonly placed: ReadonlyMap<string, string>;
}

const ROLES: readonly Role[] = ["monitor", "publisher", "subscriber"];

/** Both default places are writable. */
export const NO_USER_FOLDERS: UserFolders = {
  state: undefined,
  run: undefined,
};

/** The default `statedir`. */
export const DEFAULT_STATE_FOLDER = OPTIONS.general.statedir.default;
/** The folder of the default pid files. */
export const DEFAULT_RUN_FOLDER = folderOf(OPTIONS.publisher.pidfile.default);

/**
 * Puts a user's own folders where the options have their default; what is set to
 * another place stays there.
 *
 * @param values The values of all options.
 * @param folders The user's.
 */
export function placeForUser(
  values: OptionValues,
  { state, run }: UserFolders,
): PlacedValues {
  const placed = new Map<string, string>();
  if (state !== undefined && values.general.statedir === DEFAULT_STATE_FOLDER) {
    placed.set("general.statedir", state);
  }
  for (const role of ROLES) {
    const standard = OPTIONS[role].pidfile.default;
    if (run === undefined || values[role].pidfile !== standard) continue;
    placed.set(
      `${role}.pidfile`,
      run + standard.slice(folderOf(standard).length),
    );
  }
  const pidFile = (role: Role) => ({
    pidfile: placed.get(`${role}.pidfile`) ?? values[role].pidfile,
  });
  return {
    placed,
    values: {
      general: {
        ...values.general,
        statedir: placed.get("general.statedir") ?? values.general.statedir,
      },
      monitor: { ...values.monitor, ...pidFile("monitor") },
      publisher: { ...values.publisher, ...pidFile("publisher") },
      subscriber: { ...values.subscriber, ...pidFile("subscriber") },
    },
  };
}

/** What is said of folders that stand in for the default ones; nothing where none does. */
export function placedNotices(
  placed: ReadonlyMap<string, string>,
  role: Role,
): readonly string[] {
  const state = placed.get("general.statedir");
  const pidFile = placed.get(`${role}.pidfile`);
  const used = [
    ...(state === undefined ? [] : [`state is kept in ${state}`]),
    ...(pidFile === undefined ? [] : [`the pid file is ${pidFile}`]),
  ];
  const standard = [
    ...(state === undefined ? [] : [DEFAULT_STATE_FOLDER]),
    ...(pidFile === undefined ? [] : [DEFAULT_RUN_FOLDER]),
  ];
  if (used.length === 0) return [];
  return [
    `${used.join(", ")}: this user may not write ${standard.join(" and ")}`,
  ];
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
