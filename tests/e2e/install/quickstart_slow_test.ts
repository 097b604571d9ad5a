/**
 * Types every line of QUICKSTART.md and README.md on three hosts with systemd, each a system
 * of its own on one network, and compares what is said with what the page shows: once from
 * the package alone, once by install.sh. `F2BC_BIN` names a compiled release for the package.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import { TempDir } from "../../support/host/temp_dir.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { BootedHosts } from "../../support/install/booted_hosts.ts";
import { releaseFromSource } from "../../support/install/installer.ts";
import { packRelease } from "../../support/install/packages.ts";
import { Reader } from "../../support/install/quickstart.ts";
import {
  type Shown,
  shownLines,
} from "../../support/install/shown_commands.ts";

const ADDRESSES = { hub: "192.0.2.10", web1: "192.0.2.11", web2: "192.0.2.12" };
const PARTS = ["netns", "nspawn", "overlay", "fail2ban", "nftables"] as const;
const BY_PACKAGE = /^apt /;
const BY_SCRIPT = /^sh install\.sh /;
const TAKEN_AWAY = /^(?:apt purge|sh install\.sh uninstall) /;
/** The page's own proof: the ban is in the firewall of the host that did not see the attacker. */
const IN_FORCE = /^nft list ruleset /;
/** What Debian has done by the time somebody begins. */
const FAIL2BAN = ": >/var/log/auth.log; : >/var/log/fail2ban.log; " +
  "rm -f /var/lib/fail2ban/*; systemctl start fail2ban";
/** A hub that was never anything else. */
const NO_FAIL2BAN = "apt-get purge --yes fail2ban";

type Host = keyof typeof ADDRESSES;

/** Boots the hosts, each as somebody finds it who begins. */
async function boot(
  given: string,
  prepare: (host: Host) => string,
): Promise<BootedHosts> {
  const names = Object.keys(ADDRESSES) as Host[];
  const plans = Object.fromEntries(
    names.map((name) => [
      name,
      { address: ADDRESSES[name], prepare: prepare(name) },
    ]),
  );
  const hosts = await BootedHosts.start(given, plans, 60_000);
  for (const node of ["web1", "web2"]) await hosts.type(node, FAIL2BAN);
  return hosts;
}

/** The page's lines but those of the other way, and README's scene before it is all taken away. */
async function linesBut(
  other: RegExp,
): Promise<{ before: readonly Shown[]; after: readonly Shown[] }> {
  const lines = (await shownLines("docs/QUICKSTART.md"))
    .filter(({ line }) => !other.test(line));
  const last = lines.findIndex(({ line }) => TAKEN_AWAY.test(line));
  return { before: lines.slice(0, last), after: lines.slice(last) };
}

/** A folder with the package, as it was downloaded. */
async function downloaded(dir: TempDir): Promise<string> {
  const release = Deno.env.get("F2BC_BIN") ?? await releaseFromSource(dir);
  await packRelease(dir, release, "given");
  // What executables of an older base runtime need.
  const preload = Deno.env.get("LD_PRELOAD") ?? "";
  if (preload !== "") await Deno.copyFile(preload, dir.path("given/preload"));
  return dir.path("given");
}

const PRELOAD = "[ ! -e preload ] || " +
  "{ install -m 755 preload /usr/lib/preload && echo /usr/lib/preload >/etc/ld.so.preload; }";

testWith(
  PARTS,
  "every line of QUICKSTART and README does on three hosts what the pages show, from the package alone",
  async (t) => {
    await using dir = await TempDir.create();
    const given = await downloaded(dir);
    const { before, after } = await linesBut(BY_SCRIPT);
    await using hosts = await boot(
      given,
      (host) => host === "hub" ? `${PRELOAD}\n${NO_FAIL2BAN}` : PRELOAD,
    );
    const reader = new Reader(hosts);
    const proof = before.findIndex(({ line }) => IN_FORCE.test(line));
    ok(proof > 0);
    const firstMs = performance.now();
    await reader.typeAll(before.slice(0, proof + 1));
    const seconds = Math.round((performance.now() - firstMs) / 1_000);
    await t.step(
      `the first ban was in force elsewhere ${seconds} s after the first command`,
      () => {},
    );
    await reader.typeAll(before.slice(proof + 1));
    await reader.typeScene(await shownLines("README.md"));
    await reader.typeAll(after);
  },
);

testWith(
  PARTS,
  "every line of QUICKSTART and README does on three hosts what the pages show, by install.sh",
  async () => {
    await using dir = await TempDir.create();
    const { before, after } = await linesBut(BY_PACKAGE);
    const installs = ({ line }: Shown) => /^sh install\.sh install /.test(line);
    await using hosts = await boot(
      await releaseFromSource(dir),
      (name) =>
        before.find((shown) => shown.host === name && installs(shown))?.line ??
          "",
    );
    const reader = new Reader(hosts);
    await reader.typeAll(before.filter((shown) => !installs(shown)));
    await reader.typeScene(await shownLines("README.md"));
    await reader.typeAll(after);
  },
);
