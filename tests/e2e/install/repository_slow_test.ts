/**
 * Uses the signed repository as QUICKSTART has it typed, and with a byte of it
 * changed, which must be refused.
 *
 * @module
 */

import {
  deepStrictEqual,
  match,
  notStrictEqual,
  strictEqual,
} from "node:assert/strict";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";
import { PROJECT } from "../../support/install/installer.ts";
import { buildPackages, runPackaging } from "../../support/install/packages.ts";

const TREE = "given/fail2ban-cluster";
const DEB = "apt/pool/main/fail2ban-cluster_1.0.0_amd64.deb";
const RPM = "dnf/fail2ban-cluster-1.0.0-1.x86_64.rpm";
/** Nothing is asked, and there is no other source of packages. */
const PREPARE = `ln -s /mnt/given/fail2ban-cluster /srv/fail2ban-cluster
rm -rf /etc/fail2ban /etc/apt/sources.list* /etc/yum.repos.d
mkdir -p /etc/apt/sources.list.d /etc/yum.repos.d
echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/99yes
echo 'assumeyes=True' >>/etc/dnf/dnf.conf
rpm --initdb
cat >/tmp/stub.spec <<'END'
Name: systemd
Version: 1
Release: 1
Summary: Stands in for what the host has of Debian
License: MIT
Provides: /bin/sh
%description
The same.
%files
END
rpmbuild --quiet -bb --target noarch --define '_topdir /tmp/stub' --define '_rpmdir /tmp' /tmp/stub.spec
rpm -i /tmp/noarch/systemd-1-1.noarch.rpm`;
const FORGET_APT =
  "dpkg -P fail2ban-cluster; rm -rf /var/lib/apt/lists/* /var/cache/apt/*";
const FORGET_DNF =
  "rpm -e fail2ban-cluster || :; rm -rf /var/cache/dnf /var/lib/dnf";

/** What the page has typed on hosts of either kind, as blocks of lines. */
async function shown(): Promise<readonly [string, string]> {
  const page = await Deno.readTextFile(`${PROJECT}/docs/QUICKSTART.md`);
  const [, section = ""] = /^## From a repository$([\s\S]*?)^## /m.exec(page) ??
    [];
  const [apt = "", dnf = ""] = [
    ...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm),
  ]
    .map(([, block = ""]) => block);
  return [apt, dnf];
}

/** A secret key of its own, as it is kept for the release workflow. */
async function makeKey(
  dir: TempDir,
  shown = "--export-secret-keys",
): Promise<string> {
  const home = dir.path("gnupg");
  await Deno.mkdir(home, { mode: 0o700 });
  const script = `gpg --quiet --batch --passphrase '' \\
    --quick-generate-key 'Releases <nobody@example.org>' rsa3072 sign never
  gpg --batch --armor ${shown}
  gpgconf --kill all`;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-ec", script],
    env: { GNUPGHOME: home },
  }).output();
  await Deno.remove(home, { recursive: true });
  return new TextDecoder().decode(stdout);
}

async function makeRepository(dir: TempDir): Promise<void> {
  for (const target of ["x86_64", "aarch64"]) {
    await buildPackages(dir, { target: `${target}-unknown-linux-gnu` });
  }
  await Deno.mkdir(dir.path("given"));
  await Deno.chmod(dir.path(), 0o755);
  await runPackaging("repository", [dir.path("packages"), dir.path(TREE)], {
    SIGNING_KEY: await makeKey(dir),
  });
}

/** Runs a script with the byte in the middle of some files changed; it has to fail. */
async function refused(
  { dir, root }: { readonly dir: TempDir; readonly root: ThrowawayRoot },
  names: readonly string[],
  script: string,
): Promise<string> {
  for (const name of names) await flip(dir.path(`${TREE}/${name}`));
  const { code, stdout, stderr } = await root.run(["sh", "-ec", script]);
  for (const name of names) await flip(dir.path(`${TREE}/${name}`));
  notStrictEqual(code, 0, `${names}: ${stdout}${stderr}`);
  return stdout + stderr;
}

async function flip(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await Deno.writeFile(path, bytes);
}

testWith(
  ["overlay", "rpm", "repository"],
  "a signed repository is used by apt-get and dnf as the page has it typed, and refused where a byte of it is another",
  async () => {
    await using dir = await TempDir.create();
    await makeRepository(dir);
    await using root = await ThrowawayRoot.create(dir.path("given"));
    const both = { dir, root };
    await root.shell(PREPARE);
    const [apt, dnf] = await shown();

    await root.shell(apt);
    const state = await root.shell(
      "dpkg-query -W -f '${Status} ${Version}' fail2ban-cluster",
    );
    deepStrictEqual(state, "install ok installed 1.0.0");
    const index = ["Packages", "Packages.gz"]
      .map((name) => `apt/dists/stable/main/binary-amd64/${name}`);
    for (
      const [names, why] of [
        [[DEB], /Hash Sum mismatch/],
        [index, /Hash Sum mismatch/],
        [["apt/dists/stable/InRelease"], /signatures were invalid: BADSIG/],
        [["fail2ban-cluster.asc"], /not signed|NO_PUBKEY|unsupported/],
      ] as const
    ) {
      await root.shell(FORGET_APT);
      match(await refused(both, names, apt), why);
    }

    await root.shell(dnf);
    await root.shell(
      "rpm -q fail2ban-cluster-1.0.0 && rpm -V fail2ban-cluster",
    );
    match(
      await root.shell(`rpm --checksig /srv/fail2ban-cluster/${RPM}`),
      /: digests signatures OK$/m,
    );
    match(
      await refused(both, [RPM], `rpm --checksig /srv/fail2ban-cluster/${RPM}`),
      /NOT OK/,
    );
    for (
      const [names, why] of [
        [[RPM], /checksum/i],
        [["dnf/repodata/repomd.xml"], /GPG signature verification/],
      ] as const
    ) {
      await root.shell(FORGET_DNF);
      match(await refused(both, names, dnf), why);
    }
  },
);

/** What is said where a key does not do; nothing may be left behind then. */
async function keyRefused(key: string): Promise<string> {
  await using dir = await TempDir.create();
  const { code, stderr } = await new Deno.Command("bash", {
    args: [`${PROJECT}/packaging/repository`, dir.path(), dir.path("out")],
    env: { SIGNING_KEY: key, TMPDIR: dir.path() },
  }).output();
  strictEqual(code, 2);
  deepStrictEqual(await Array.fromAsync(Deno.readDir(dir.path())), []);
  return new TextDecoder().decode(stderr);
}

testWith(
  "repository",
  "without a secret key no repository is made",
  async () => {
    await using dir = await TempDir.create();
    match(await keyRefused(""), /SIGNING_KEY has to hold/);
    match(await keyRefused("none"), /no valid OpenPGP data/);
    const shown = await makeKey(dir, "--export");
    match(await keyRefused(shown), /SIGNING_KEY has no secret key/);
  },
);
