/**
 * Types every line of QUICKSTART.md on three hosts with systemd, each a system
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
} from "../../support/install/quickstart.ts";

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

testWith(
  ["netns", "nspawn", "overlay", "fail2ban", "nftables"],
  "every line of QUICKSTART does on three hosts what the page shows",
  async () => {
    await using dir = await TempDir.create();
    const release = await releaseFromSource(dir);
    const lines = await shownLines();
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
    await typeAll(hosts, lines);
  },
);
