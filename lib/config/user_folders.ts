/**
 * Folders of an ordinary user, who can't write the default ones.
 *
 * @module
 */

import { OPTIONS, type Role } from "./options.ts";
import type { OptionValues } from "./config_reader.ts";

/** Folders that replace default ones that the user can't write. */
export interface UserFolders {
  /**
   * Absolute path, in place of the default `statedir`; `undefined`: that is
   * writable.
   */
  readonly state: string | undefined;
  /** As `state`, in place of the default folder of pid files. */
  readonly run: string | undefined;
}

/** Values of the options, with the user's own folders where they apply. */
export interface PlacedValues {
  readonly values: OptionValues;
  /** The replaced paths, by `section.key`. */
  readonly placed: ReadonlyMap<string, string>;
}

const ROLES: readonly Role[] = ["monitor", "publisher", "subscriber"];

/** For a user who can write both default folders. */
export const NO_USER_FOLDERS: UserFolders = {
  state: undefined,
  run: undefined,
};

/** The default `statedir`. */
export const DEFAULT_STATE_FOLDER = OPTIONS.general.statedir.default;
/** The folder of the default pid files. */
export const DEFAULT_RUN_FOLDER = folderOf(OPTIONS.publisher.pidfile.default);

/**
 * Replaces default paths by the user's own folders, and keeps configured paths.
 *
 * @param values The values of all options.
 * @param folders The user's folders.
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

/** Notices about replaced folders; empty if there are none. */
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
