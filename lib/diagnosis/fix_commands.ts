/**
 * Makes the commands that fix a problem.
 *
 * @module
 */

import { shellWord } from "../base/aside.ts";

/** How to start the programs of this host, and where they are configured. */
export interface Commands {
  /** Whether systemd runs this host's services. */
  readonly hasServices: boolean;
  /** The unit of this host's monitor. @default {"fail2ban-monitor"} */
  readonly monitorService?: string;
  /**
   * The configuration file that was named; `undefined`: the programs find the
   * default one.
   */
  readonly namedConfig: string | undefined;
  /** The `*.local` file that overrides it. */
  readonly localPath: string;
}

/** An option, and where it is currently set. */
export interface PlacedOption {
  readonly section: string;
  readonly key: string;
  /** `file:line`, or any other text if it is not set. */
  readonly from: string | undefined;
}

/** A command of one of the project's programs. */
export function programCommand(
  { namedConfig }: Commands,
  program: string,
  ...words: readonly string[]
): string {
  const config = namedConfig === undefined
    ? []
    : ["--config", shellWord(namedConfig)];
  return [program, ...words, ...config].join(" ");
}

/** The command to start or restart one of the project's programs. */
export function serviceCommand(
  commands: Commands,
  verb: "start" | "restart" | "enable --now",
  program: string,
): string {
  if (commands.hasServices) return `systemctl ${verb} ${program}`;
  return programCommand(
    commands,
    program,
    verb === "restart" ? "restart" : "start",
  );
}

/**
 * The command to set an option: in its line if the `*.local` sets it, otherwise
 * at the end of that file.
 *
 * @example
 * ```ts
 * import { setCommand } from "./fix_commands.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const commands = { hasServices: true, namedConfig: undefined, localPath: "/etc/a.local" };
 * const option = { section: "monitor", key: "logformat", from: "default" };
 * strictEqual(
 *   setCommand(commands, option, "syslog"),
 *   "printf '\\n[monitor]\\nlogformat = syslog\\n' >>/etc/a.local",
 * );
 * strictEqual(
 *   setCommand(commands, { ...option, from: "/etc/a.local:3" }, "syslog"),
 *   "sed -i '3s|.*|logformat = syslog|' /etc/a.local",
 * );
 * ```
 */
export function setCommand(
  { localPath }: Commands,
  { section, key, from = "" }: PlacedOption,
  value: string,
): string {
  const file = shellWord(localPath);
  const setting = `${key} = ${value}`;
  const line = from.startsWith(`${localPath}:`)
    ? from.slice(localPath.length + 1)
    : undefined;
  return line === undefined
    ? `printf '\\n[${section}]\\n${setting}\\n' >>${file}`
    : `sed -i '${line}s|.*|${setting}|' ${file}`;
}
