/**
 * The deciding host of a demo: a real fail2ban, or the log lines that it would
 * write.
 *
 * @module
 */

import {
  appendLog,
  banLine,
  unbanLine,
} from "../../tests/support/fail2ban/fail2ban_lines.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../../tests/support/fail2ban/fail2ban_server.ts";
import { isInstalled } from "../../tests/support/host/real_parts.ts";
import { waitUntil } from "../../tests/support/host/wait_until.ts";
import { readLines } from "./telling.ts";

/** Interval between checks for results, in milliseconds. */
export const LOOK_EVERY_MS = 2;

/** A decision of fail2ban. */
export type Verb = "Ban" | "Unban";

/** A decider. */
export interface Decider {
  /** Its description. */
  readonly about: string;
  /** Settings with which a monitor follows it. */
  readonly monitor: Readonly<Record<string, string>>;
  /** Decides. @returns Time of the log line, in milliseconds since 1970. */
  readonly decide: (verb: Verb, address: string) => Promise<number>;
}

/**
 * Starts a fail2ban with a jail `sshd`, if one is installed.
 *
 * @param dir The folder for its files.
 * @param held Ends it.
 */
export async function startDecider(
  dir: string,
  held: AsyncDisposableStack,
): Promise<Decider> {
  if (!isInstalled("fail2ban")) return writtenLines(`${dir}.log`);
  const server = held.use(await startFail2ban({ dir, jails: { sshd: {} } }));
  return {
    about: "a real fail2ban",
    monitor: {
      fail2banlogpath: server.logPath,
      fail2bandb: server.databasePath,
      fail2bansocket: server.socketPath,
    },
    decide: (verb, address) => decide(server, verb, address),
  };
}

async function decide(
  fail2ban: Fail2banServer,
  verb: Verb,
  address: string,
): Promise<number> {
  await fail2ban.client("set", "sshd", `${verb.toLowerCase()}ip`, address);
  const pattern = new RegExp(
    `^(\\S+) (\\S+),(\\d+) .*\\[sshd\\] ${verb} ${RegExp.escape(address)}$`,
  );
  return await waitUntil(async () => {
    for (const line of await readLines(fail2ban.logPath)) {
      const [, day, time, ms] = pattern.exec(line) ?? [];
      if (day !== undefined) return Date.parse(`${day}T${time}.${ms}`);
    }
    return undefined;
  }, { what: `fail2ban's ${verb}`, intervalMs: LOOK_EVERY_MS });
}

function writtenLines(path: string): Decider {
  return {
    about: "fail2ban's log lines, as no fail2ban is installed",
    monitor: { fail2banlogpath: path, fail2bandb: "none" },
    decide: async (verb, address) => {
      const line = verb === "Ban" ? banLine : unbanLine;
      const writtenMs = Date.now();
      await appendLog(path, line("sshd", address));
      return writtenMs;
    },
  };
}
