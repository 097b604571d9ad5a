/**
 * Reads lines about a failed action of a jail. fail2ban reports a ban as done
 * and lists it even if its action failed: this line is the only sign.
 *
 * ```abnf
 * failure = prefix "Failed to execute " ("ban" / "reban" / "unban") " jail '" jail
 *           "' action '" name "' info '" text LF
 * ; prefix: as in log_line.ts, the logger "actions", the level "ERROR"
 * ; text: of any length and mostly under an attacker's control; only the
 * ;       address that fail2ban itself puts at its beginning is used
 * ```
 *
 * @see fail2ban/server/actions.py
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import { linePatterns } from "./log_prefix.ts";
import type { LineFormat } from "./log_format.ts";

/** A failed action of a jail. */
export interface ActionFailure {
  /** Distinguishes it from other events. */
  readonly kind: "action_failed";
  /** The jail whose action failed. */
  readonly jail: JailName;
  /** What the action should have done. */
  readonly verb: "ban" | "reban" | "unban";
  /** The action's name, if it is a plain one. */
  readonly action?: string;
  /** The address, if the details begin with one. */
  readonly address?: Address;
}

const FAILURES = linePatterns(
  "ERROR",
  String
    .raw`Failed to execute (ban|reban|unban) jail '([^']{1,64})' action '([^']{1,100})' info '(?:(?:\w{1,20}\()?\{'ip': '([0-9a-f:.]{2,39}(?:\/\d{1,3})?)')?`,
);
const PLAIN_NAME = /^[\w.:-]{1,100}$/;
/** A cheap test that rejects most lines. */
const WORDS = "Failed to execute ";

/**
 * Reads a line.
 *
 * @param text The line, or its first few hundred characters.
 * @param format The form of the line's prefix.
 * @returns `undefined` when the line reports no failure, or its jail has an
 * invalid name.
 */
export function parseActionFailure(
  text: string,
  format: LineFormat,
): ActionFailure | undefined {
  if (!text.includes(WORDS)) return undefined;
  const [, logger = "", , verb, jailText = "", action = "", ip = ""] =
    FAILURES[format].exec(text) ?? [];
  const jail = parseJailName(jailText);
  if (jail === undefined || logger !== "" && logger !== "actions") {
    return undefined;
  }
  const address = parseAddress(ip);
  return {
    kind: "action_failed",
    jail,
    verb: verb as ActionFailure["verb"],
    ...(PLAIN_NAME.test(action) ? { action } : {}),
    ...(address === undefined ? {} : { address }),
  };
}
