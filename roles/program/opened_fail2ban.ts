/**
 * Opens this host's fail2ban for bans and queries.
 *
 * @module
 */

import { Fail2banSocket } from "../../lib/fail2ban/io/fail2ban_socket.ts";
import { Fail2banProcess } from "../../lib/fail2ban/io/fail2ban_process.ts";
import type { Fail2banClient } from "../../lib/fail2ban/ports.ts";
import type { SubscriberConfig } from "../../lib/config/config.ts";

/** Opens this host's fail2ban as configured. */
export function openFail2ban(config: SubscriberConfig): Fail2banClient {
  const { fail2banSocket, fail2banProgram } = config;
  return fail2banProgram === undefined
    ? new Fail2banSocket({ path: fail2banSocket })
    : new Fail2banProcess({
      socketPath: fail2banSocket,
      program: fail2banProgram,
    });
}
