/**
 * Makes this host's own fail2ban unban an address in the jail that banned it.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import { CLUSTER_JAIL, type JailName } from "../base/jail_name.ts";
import type { Fail2banClient } from "../fail2ban/ports.ts";
import { readBannedInStatus, readCount } from "../fail2ban/replies.ts";

/** Outcome of an unban. */
export interface OwnUnban {
  /** `absent`: there was no such ban. */
  readonly outcome: "lifted" | "absent" | "failed";
  /** Why it failed; otherwise empty. */
  readonly reason: string;
}

/** How fail2ban before 0.10.5 refuses to lift an absent ban. */
const ABSENT = /not banned/;

/**
 * Unbans an address.
 *
 * @param fail2ban Connects when it is first needed.
 * @param ban The ban. A ban of the cluster's own jail is refused: that jail
 * follows the table.
 * @param signal Aborts the wait.
 * @throws the signal's reason on abort.
 */
export async function unbanOwn(
  fail2ban: Fail2banClient,
  { jail, address }: { readonly jail: JailName; readonly address: Address },
  signal: AbortSignal,
): Promise<OwnUnban> {
  if (jail === CLUSTER_JAIL) return failed(`${jail} is the cluster's own jail`);
  try {
    // Unbanning a prefix that is not banned would lift every ban within it.
    if (address.includes("/")) {
      const listed = await fail2ban.command(["status", jail], signal);
      if (listed.kind === "no_jail") return failed(`there is no jail ${jail}`);
      if (listed.kind === "refused") return failed(listed.reason);
      const isThere = readBannedInStatus(listed.value)
        .some((ticket) => ticket.address === address);
      if (!isThere) return { outcome: "absent", reason: "" };
    }
    const words = ["set", jail, "unbanip", address];
    const reply = await fail2ban.command(words, signal);
    switch (reply.kind) {
      case "no_jail":
        return failed(`there is no jail ${jail}`);
      case "refused":
        return ABSENT.test(reply.reason)
          ? { outcome: "absent", reason: "" }
          : failed(reply.reason);
      case "done":
        return {
          outcome: isNone(reply.value) ? "absent" : "lifted",
          reason: "",
        };
    }
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return failed(error.message);
  }
}

/** Older versions answer with the address, and refuse an absent ban. */
function isNone(value: Parameters<typeof readCount>[0]): boolean {
  return (typeof value === "number" || value === "0") && readCount(value) === 0;
}

function failed(reason: string): OwnUnban {
  return { outcome: "failed", reason };
}
