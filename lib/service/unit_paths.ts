/**
 * The folders that a service's unit lets it write to.
 *
 * @module
 */

/** The relevant properties of a unit, for `systemctl show --property=`. */
export const UNIT_PATH_PROPERTIES = [
  "LoadState",
  "ProtectSystem",
  "ReadWritePaths",
  "StateDirectory",
  "RuntimeDirectory",
  "LogsDirectory",
] as const;

const ROOTS = [
  ["StateDirectory", "/var/lib/"],
  ["RuntimeDirectory", "/run/"],
  ["LogsDirectory", "/var/log/"],
] as const;

/**
 * Parses the output of `systemctl show` for a unit.
 *
 * @param shown Its output for {@link UNIT_PATH_PROPERTIES}.
 * @returns The folders that the service may write to; `undefined` if the unit
 *   does not exist, or does not restrict them.
 *
 * @example
 * ```ts
 * import { unitFolders } from "./unit_paths.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(
 *   unitFolders("LoadState=loaded\nProtectSystem=strict\nLogsDirectory=a\nReadWritePaths=/srv/x\n"),
 *   ["/var/log/a", "/srv/x"],
 * );
 * ```
 */
export function unitFolders(shown: string): readonly string[] | undefined {
  const properties = new Map(
    shown.split("\n").map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const words = (name: string) =>
    (properties.get(name) ?? "").split(" ").filter((word) => word !== "");
  const isNarrow = properties.get("LoadState") === "loaded" &&
    properties.get("ProtectSystem") === "strict";
  if (!isNarrow) return undefined;
  return [
    ...ROOTS.flatMap(([name, root]) => words(name).map((word) => root + word)),
    // A `-` means that the folder may be missing, a `+` another root.
    ...words("ReadWritePaths").map((word) => word.replace(/^[-+]+/, "")),
  ];
}

/** Facts about a log file before anything is written to it. */
export interface LogFileFacts {
  /** Absolute path. */
  readonly path: string;
  /** The name of the program and its service. */
  readonly program: string;
  /** Why this program can't write it; `undefined`: it can. */
  readonly reason: string | undefined;
  /** Folders that the service may write to; `undefined`: not restricted. */
  readonly folders: readonly string[] | undefined;
}

/**
 * The problem of a log file that the program or its service can't write.
 *
 * @returns `undefined` if there is none.
 */
export function logFileTrouble(
  { path, program, reason, folders }: LogFileFacts,
): string | undefined {
  const what = `general.logtarget = ${path}`;
  const isOutside = folders !== undefined &&
    !folders.some((folder) => path.startsWith(`${folder}/`));
  const isReadOnly = reason !== undefined && /read-only/i.test(reason);
  if (isOutside || isReadOnly) {
    const places = folders ?? ["/var/log/fail2ban-cluster"];
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    return `${what}: the service ${program} may not write it: ` +
      `name a file in ${places.join(" or ")}, or set no logtarget and read ` +
      `journalctl -u ${program}; for ${parent}, which has to be fail2ban-cluster's, ` +
      `systemctl edit ${program} with [Service] ReadWritePaths=${parent}`;
  }
  if (reason === undefined) return undefined;
  return `${what}: it can't be written: ${reason}; make its folder, ` +
    `or give file and folder to the user who runs ${program}`;
}
