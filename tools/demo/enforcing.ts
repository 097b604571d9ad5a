/**
 * The enforcing host of a demo: nftables in a network namespace, a real
 * fail2ban, or lines in its log.
 *
 * @module
 */

import { startFail2ban } from "../../tests/support/fail2ban/fail2ban_server.ts";
import { ChildProcess } from "../../tests/support/host/child_process.ts";
import { NetworkNamespace } from "../../tests/support/host/network_namespace.ts";
import { isInstalled } from "../../tests/support/host/real_parts.ts";
import { waitUntil } from "../../tests/support/host/wait_until.ts";
import { LOOK_EVERY_MS, type Verb } from "./deciding.ts";
import { readLines } from "./telling.ts";

const TABLE = "fail2ban_cluster";

/** An enforcer. */
export interface Enforcer {
  /** Its description. */
  readonly about: string;
  /**
   * Prefix of all programs' commands, so that they reach the hub over loopback.
   */
  readonly within: readonly string[];
  /** Settings of the subscriber. */
  readonly subscriber: Readonly<Record<string, string>>;
  /** The text that it writes after acting on an address. */
  readonly shows: (verb: Verb, address: string) => string;
  /** Calls back with each new line; disposal ends it. */
  readonly watch: (onLine: (line: string) => void) => AsyncDisposable;
}

/**
 * Creates the best available enforcer.
 *
 * @param dir The folder for its files.
 * @param held Ends it.
 */
export async function makeEnforcer(
  dir: string,
  held: AsyncDisposableStack,
): Promise<Enforcer> {
  if (isInstalled("netns") && isInstalled("nftables")) {
    return nftables(held.use(await NetworkNamespace.create()));
  }
  return isInstalled("fail2ban") ? await fail2ban(dir, held) : log(dir);
}

function nftables({ within }: NetworkNamespace): Enforcer {
  return {
    about: "nftables in a network of its own",
    within,
    subscriber: { subscriberaction: "nftables", nfttable: TABLE },
    shows: (verb, address) =>
      `${
        verb === "Ban" ? "add" : "delete"
      } element inet ${TABLE} banned4 { ${address} `,
    watch: (onLine) => {
      const [command = "", ...args] = within;
      const watching = ["stdbuf", "-oL", "nft", "monitor"];
      return new ChildProcess({
        command,
        args: [...args, ...watching],
        onLine,
      });
    },
  };
}

async function fail2ban(
  dir: string,
  held: AsyncDisposableStack,
): Promise<Enforcer> {
  const server = held.use(await startFail2ban({ dir, dedicatedJail: {} }));
  return {
    about: "a real fail2ban",
    within: [],
    subscriber: {
      subscriberaction: "fail2banclient",
      fail2bansocket: server.socketPath,
    },
    shows: (verb, address) => `[fail2bancluster] ${verb} ${address}`,
    watch: (onLine) => follow(server.logPath, onLine),
  };
}

function log(dir: string): Enforcer {
  return {
    about: "lines in its log, as there is neither root nor fail2ban",
    within: [],
    subscriber: { subscriberaction: "log", logtarget: `${dir}.log` },
    shows: (verb, address) => `|sshd|${verb}|${address}`,
    watch: (onLine) => follow(`${dir}.log`, onLine),
  };
}

/** Follows a growing log. */
function follow(path: string, onLine: (line: string) => void): AsyncDisposable {
  let seen = 0;
  let isOver = false;
  const following = waitUntil(async () => {
    const lines = (await readLines(path)).slice(0, -1);
    for (const line of lines.slice(seen)) onLine(line);
    seen = Math.max(seen, lines.length);
    return isOver;
  }, { what: "the end", timeoutMs: 600_000, intervalMs: LOOK_EVERY_MS });
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      await following;
    },
  };
}
