/**
 * Types every line of QUICKSTART.md and README.md on three hosts with systemd, each a system
 * of its own on one network, and compares what is said with what the page shows.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { TempDir } from "../../support/host/temp_dir.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { BootedHosts, type Typed } from "../../support/install/booted_hosts.ts";
import { releaseFromSource } from "../../support/install/installer.ts";
import {
  type Shown,
  shownLines,
  withoutCodes,
} from "../../support/install/shown_commands.ts";

const ADDRESSES = { hub: "192.0.2.10", web1: "192.0.2.11", web2: "192.0.2.12" };
const INSTALL = /^sh install\.sh install /;
const CODES = /^(\w+) (F2BC1\S+)$/gm;
/** What comes a little after the line before has ended. */
const WAITED: Readonly<Record<string, RegExp>> = {
  "fail2ban-cluster test": /^2 nodes answered$/m,
  "fail2ban-cluster why 203.0.113.7":
    /^203\.0\.113\.7 is banned, .*enforced +\d/ms,
  "fail2ban-client status fail2bancluster": /203\.0\.113\.7/,
};
const UNINSTALL = /^sh install\.sh uninstall /;
/** Goes on until somebody ends it: typed first, and read while the others are typed. */
const TAIL = "fail2ban-cluster tail";
const TOLD = "/mnt/shared/tail";
/** What Debian has done by the time somebody begins. */
const FAIL2BAN = ": >/var/log/auth.log; : >/var/log/fail2ban.log; " +
  "rm -f /var/lib/fail2ban/*; systemctl start fail2ban";

/** Types a line, again where what it says comes a little later. */
async function type(
  hosts: BootedHosts,
  host: string,
  line: string,
): Promise<string> {
  const pattern = WAITED[line];
  let typed: Typed = { code: -1, said: "" };
  const isSaid = async () => {
    typed = await hosts.type(host, line);
    return pattern === undefined || pattern.test(typed.said);
  };
  try {
    await waitUntil(isSaid, { what: line, timeoutMs: 20_000, intervalMs: 200 });
  } catch (error) {
    throw new Error(typed.said, { cause: error });
  }
  strictEqual(typed.code, 0, `${host}# ${line}\n${typed.said}`);
  return typed.said;
}

/** Types all lines, each node's with its own code. */
async function typeAll(
  hosts: BootedHosts,
  lines: readonly Shown[],
): Promise<void> {
  const codes = new Map<string, string>();
  for (const { host, line, says } of lines) {
    if (INSTALL.test(line)) continue;
    const own = withoutCodes(line).replace("CODE", codes.get(host) ?? "");
    const said = await type(hosts, host, own);
    for (const [, name = "", code = ""] of said.matchAll(CODES)) {
      codes.set(name, code);
    }
    if (says.length === 0) continue;
    deepStrictEqual(
      withoutCodes(said).trimEnd().split("\n"),
      says.map(withoutCodes),
    );
  }
}

/** Types what README shows: the ban again, where it comes before `tail` was there to tell of it. */
async function typeScene(
  hosts: BootedHosts,
  lines: readonly Shown[],
): Promise<void> {
  const [ban, tail, ...rest] = lines;
  deepStrictEqual([ban?.host, tail?.line], ["web1", TAIL]);
  await hosts.type("hub", `${TAIL} >${TOLD} 2>&1 & echo $! >${TOLD}.pid`);
  const isTold = async () => {
    await hosts.type("web1", ban?.line.replace("banip", "unbanip") ?? "");
    await type(hosts, "web1", ban?.line ?? "");
    const { said } = await hosts.type("hub", `sleep 1; cat ${TOLD}`);
    return /ban +203\.0\.113\.7 +sshd +web1 +\+\d+\.\d{3} s +\d+\/\d+$/m
      .test(said);
  };
  await waitUntil(isTold, { what: "tail's line", timeoutMs: 20_000 });
  await hosts.type("hub", `kill $(cat ${TOLD}.pid)`);
  for (const { host, line } of rest) await type(hosts, host, line);
}

testWith(
  ["netns", "nspawn", "overlay", "fail2ban", "nftables"],
  "every line of QUICKSTART and README does on three hosts what the pages show",
  async () => {
    await using dir = await TempDir.create();
    const release = await releaseFromSource(dir);
    const lines = await shownLines("docs/QUICKSTART.md");
    const scene = await shownLines("README.md");
    const prepareOf = (name: string) =>
      lines.find(({ host, line }) => host === name && INSTALL.test(line))
        ?.line ?? "";
    const plans = Object.fromEntries(
      Object.entries(ADDRESSES).map(([name, address]) => [
        name,
        { address, prepare: prepareOf(name) },
      ]),
    );
    await using hosts = await BootedHosts.start(release, plans);
    for (const node of ["web1", "web2"]) await hosts.type(node, FAIL2BAN);
    const last = lines.findIndex(({ line }) => UNINSTALL.test(line));
    await typeAll(hosts, lines.slice(0, last));
    await typeScene(hosts, scene);
    await typeAll(hosts, lines.slice(last));
  },
);
