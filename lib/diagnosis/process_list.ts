/**
 * Parses the list of processes from `ps`.
 *
 * @module
 */

/** A process of one of the project's programs. */
export interface ListedProcess {
  readonly pid: number;
  /** Its network namespace, as `ps` names it. */
  readonly network: string;
  /**
   * The named configuration file; `undefined`: the process uses a default one.
   */
  readonly configPath: string | undefined;
}

/** Columns for `ps -eo`. */
export const PROCESS_COLUMNS = "pid=,netns=,args=";

/** Verbs and options with which a program does not do its regular work. */
const NOT_AT_WORK =
  /\s(?:check|status|stop|lift|restart|--help|--version|--print-config|--dry-run)(?:\s|$)/;

/**
 * Finds the working processes of a role. A node's process has both of its
 * roles.
 *
 * @param listed The output of `ps -eo pid=,netns=,args=`.
 * @param role As in `subscriber`.
 *
 * @example
 * ```ts
 * import { processesOf } from "./process_list.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const listed = " 12 40265 /usr/local/bin/fail2ban-subscriber run --config /a.conf\n 13 40265 bash\n";
 * deepStrictEqual(processesOf(listed, "subscriber"), [
 *   { pid: 12, network: "40265", configPath: "/a.conf" },
 * ]);
 * ```
 */
export function processesOf(
  listed: string,
  role: string,
): readonly ListedProcess[] {
  const names = role === "publisher" ? role : `(?:${role}|node)`;
  const program = new RegExp(
    `(?:^|/)fail2ban-(?:${names}(?:\\s|$)|cluster ${names} run\\b)|roles/${names}\\.ts(?:\\s|$)`,
  );
  return listed.split("\n").flatMap((line) => {
    const [, pid, network = "", args = ""] =
      /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || !program.test(args) || NOT_AT_WORK.test(args)) {
      return [];
    }
    // A shell whose script names the program is no such process.
    if (/^(?:\S*\/)?(?:ba|da)?sh\s/.test(args)) return [];
    const [, configPath] = /\s(?:--config|-c)[ =](\S+)/.exec(
      args.replace(/\s--config\s\S*deno\.json/, ""),
    ) ?? [];
    return [{ pid: Number(pid), network, configPath }];
  });
}
