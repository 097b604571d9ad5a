/**
 * Hosts with the package's stock configuration and the shipped jail. Needs the
 * part `fail2ban` of `real_parts.ts`.
 *
 * @module
 */

import {
  Fail2banServer,
  noteAction,
  output,
  serverConfig,
} from "./fail2ban_server.ts";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { TempDir } from "../host/temp_dir.ts";

const SHIPPED = decodeURIComponent(
  new URL("../../../fail2ban/", import.meta.url).pathname,
);
/** The stock configuration of the host's package. */
const STOCK = "/etc/fail2ban";
/** The name of our jail. */
export const CLUSTER_JAIL_NAME = "fail2bancluster";

/** A jail that the host had before ours, valid with any `[DEFAULT]`. */
export const HOST_JAIL = `[sshd]
enabled = true
backend = polling
filter = sshd
logpath = /dev/null
journalmatch =
usedns = no
action = dummy
`;

/** A jail that sets all keys itself, so that no `[DEFAULT]` affects it. */
export const COMPLETE_JAIL = `${HOST_JAIL}logencoding = auto
logtimezone =
maxlines = 1
datepattern =
prefregex =
failregex = ^x <HOST>$
ignoreregex =
ignorecommand =
ignorecache =
ignoreself = true
maxretry = 5
maxmatches = 5
findtime = 600
bantime = 600
bantime.increment = false
bantime.factor =
bantime.formula =
bantime.multipliers =
bantime.maxtime =
bantime.rndtime =
bantime.overalljails = false
`;

/** Stock actions that notify others, each replaced by one that only records. */
export const TELLING = [
  "abuseipdb",
  "blocklist_de",
  "cloudflare",
  "cloudflare-token",
  "complain",
  "dshield",
  "ipthreat",
  "mail",
  "mail-buffered",
  "mail-whois",
  "mail-whois-lines",
  "mynetwatchman",
  "apprise",
  "sendmail",
  "sendmail-buffered",
  "sendmail-geoip-lines",
  "sendmail-whois",
  "sendmail-whois-ipjailmatches",
  "sendmail-whois-ipmatches",
  "sendmail-whois-lines",
  "sendmail-whois-matches",
  "xarf-login-attack",
] as const;

/** The shipped variants of the jail, with the further files that each needs. */
export const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ["jail.d/fail2bancluster.conf", []],
  ["jail.d/fail2bancluster-log.conf.example", [
    "filter.d/fail2bancluster.conf",
  ]],
];

/** A host with the stock configuration, and the paths of its records. */
export class StockHost {
  readonly dir: TempDir;
  readonly etc: string;

  private constructor(dir: TempDir) {
    this.dir = dir;
    this.etc = dir.path("etc");
  }

  static async make(dir: TempDir): Promise<StockHost> {
    const host = new StockHost(dir);
    await output("cp", "-r", STOCK, host.etc);
    await output("rm", "-rf", `${host.etc}/jail.d`);
    await Deno.mkdir(`${host.etc}/jail.d`);
    const note = noteAction(dir.path("actions.txt"));
    await host.write("action.d/mine.conf", note);
    await host.write("action.d/dummy.conf", note);
    for (const name of TELLING) {
      await host.write(
        `action.d/${name}.conf`,
        noteAction(dir.path("told.txt")),
      );
    }
    await host.write("fail2ban.local", serverConfig(dir.path()));
    return host;
  }

  async write(path: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.etc}/${path}`, text);
  }

  async addJail([jail, others]: typeof VARIANTS[number]): Promise<void> {
    for (const path of others) {
      await Deno.copyFile(`${SHIPPED}${path}`, `${this.etc}/${path}`);
    }
    await Deno.copyFile(
      `${SHIPPED}${jail}`,
      `${this.etc}/jail.d/${CLUSTER_JAIL_NAME}.conf`,
    );
  }

  /** The error of `fail2ban-client` about the configuration, if any. */
  async complaint(): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(
      "fail2ban-client",
      { args: ["-c", this.etc, "-t"], stdin: "null" },
    ).output();
    const text = new TextDecoder();
    return success ? "" : text.decode(stdout) + text.decode(stderr);
  }

  /** The actions of our jail, by name. */
  async actions(): Promise<string[]> {
    const told = await output("fail2ban-client", "-c", this.etc, "-d");
    return told.split("\n").flatMap((line) =>
      /^\['set', 'fail2bancluster', 'addaction', '([^']*)'/.exec(line)?.[1] ??
        []
    );
  }
}

/** The content of a file; empty when it does not exist. */
export async function noted(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
}

/**
 * Tests fail2ban with several `[DEFAULT]` sections and the shipped jail.
 *
 * @returns One text per failure: refused, or notified others of bans.
 */
export async function wrongOf(
  host: StockHost,
  defaults: readonly string[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const text of defaults) {
    await host.write("jail.local", `[DEFAULT]\n${text}\n${HOST_JAIL}`);
    const complaint = await host.complaint();
    if (complaint !== "") wrong.push(`${text}: ${complaint}`);
    const actions = await host.actions();
    if (
      actions.length !== 1 || TELLING.some((name) => name === actions[0])
    ) wrong.push(`${text}: ${actions}`);
  }
  return wrong;
}

/**
 * Starts a fail2ban with one `[DEFAULT]`, adds the shipped jail, bans and
 * unbans in it, and asserts that nobody is notified.
 */
export async function banAndLiftWith(
  text: string,
  restarts = false,
): Promise<void> {
  await using dir = await TempDir.create();
  const host = await StockHost.make(dir);
  // The host runs without our jail first, and adds it with a reload.
  await host.write(
    "jail.local",
    `[DEFAULT]\nbanaction = mine\n${text}\n${HOST_JAIL}`,
  );
  await using server = new Fail2banServer(dir.path());
  await server.start();
  const [shipped] = VARIANTS;
  ok(shipped);
  await host.addJail(shipped);
  await server.client("reload");
  if (restarts) {
    await server.stop();
    await server.start();
  }
  for (const address of ["192.0.2.7", "2001:db8::7"]) {
    strictEqual(
      await server.client("set", CLUSTER_JAIL_NAME, "banip", address),
      "1",
    );
  }
  strictEqual(
    await server.client("get", CLUSTER_JAIL_NAME, "bantime"),
    "86400",
  );
  const lift = ["set", CLUSTER_JAIL_NAME, "unbanip"];
  strictEqual(await server.client(...lift, "192.0.2.7"), "1");
  strictEqual(
    await server.client("get", CLUSTER_JAIL_NAME, "banip"),
    "2001:db8::7",
  );
  await server.client(...lift, "2001:db8::7");
  deepStrictEqual(await server.acted(), [
    `ban ${CLUSTER_JAIL_NAME} 192.0.2.7`,
    `ban ${CLUSTER_JAIL_NAME} 2001:db8::7`,
    `unban ${CLUSTER_JAIL_NAME} 192.0.2.7`,
    `unban ${CLUSTER_JAIL_NAME} 2001:db8::7`,
  ], text);
  strictEqual(await noted(dir.path("told.txt")), "", text);
}

/** The keys that the host's fail2ban reads of a jail. */
export async function jailKeys(): Promise<string[]> {
  const text = await output(
    "/usr/bin/python3",
    "-c",
    `import sys
sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.client.jailreader import JailReader
print("\\n".join(JailReader._configOpts))`,
  );
  return text.trim().split("\n").sort();
}
