/**
 * Unbans in this host's own fail2ban for the publisher's operators.
 *
 * @module
 */

import type { UnbanHere } from "../../lib/client/node_orders.ts";
import { unbanOwn } from "../../lib/enforce/own_unban.ts";
import { Fail2banSocket } from "../../lib/fail2ban/io/fail2ban_socket.ts";
import type { Log } from "../../lib/log/log.ts";
import { plainText } from "../../lib/wire/v2.ts";

/** Timeout of fail2ban's answer: the operator waits for it. */
const UNBAN_TIMEOUT_MS = 10_000;

/**
 * Unbans through fail2ban's socket, with a new connection each time.
 *
 * @param isAllowed Whether the configuration allows it.
 * @param socketPath The socket; `undefined` when there is none.
 * @returns `undefined` when it is not allowed.
 */
export function unbanHere(
  isAllowed: boolean,
  socketPath: string | undefined,
  log: Log,
): UnbanHere | undefined {
  if (!isAllowed) return undefined;
  return async (ban, signal) => {
    if (socketPath === undefined) {
      return { outcome: "failed", detail: "fail2bansocket is none" };
    }
    await using fail2ban = new Fail2banSocket({
      path: socketPath,
      questionTimeoutMs: UNBAN_TIMEOUT_MS,
      actionTimeoutMs: UNBAN_TIMEOUT_MS,
    });
    const { outcome, reason } = await unbanOwn(fail2ban, ban, signal);
    const fields = { ...ban, outcome, ...(reason === "" ? {} : { reason }) };
    log.record("notice", "an operator has this host's fail2ban unban", fields);
    return { outcome, detail: plainText(reason) };
  };
}
