import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { writeChecksums } from "../../../tools/compile/checksums.ts";
import {
  filesIn,
  type InstallerOutcome,
  PROJECT,
  runInstaller,
  writeRelease,
} from "../../support/install/installer.ts";
import { ReleaseServer } from "../../support/install/release_server.ts";
import { freePort } from "../../support/host/test_ports.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const NAME = `fail2ban-cluster-1.0.0-${Deno.build.target}.tar.gz`;

/** A site with the release 1.0.0 on it, and a folder to install into. */
class Site implements AsyncDisposable {
  readonly root: string;
  readonly folder: string;
  readonly server: ReleaseServer;
  readonly #dir: TempDir;

  private constructor(dir: TempDir) {
    this.#dir = dir;
    this.root = dir.path("root");
    this.folder = dir.path("site/v1.0.0");
    this.server = new ReleaseServer(dir.path("site"));
  }

  static async create(): Promise<Site> {
    const dir = await TempDir.create();
    const release = await writeRelease(dir.path("release"));
    const site = new Site(dir);
    await Deno.mkdir(site.folder, { recursive: true });
    const { success, stderr } = await new Deno.Command("bash", {
      args: [".ci/pack_release", release, site.server.url, site.folder],
      cwd: PROJECT,
    }).output();
    strictEqual(success, true, new TextDecoder().decode(stderr));
    await writeChecksums(site.folder);
    return site;
  }

  /** Installs a version with the script that was released, which stands alone. */
  async install(
    version: string,
    releases?: string,
  ): Promise<InstallerOutcome> {
    await Deno.mkdir(this.#dir.path("alone"), { recursive: true });
    await Deno.copyFile(
      `${this.folder}/install.sh`,
      this.#dir.path("alone/install.sh"),
    );
    return await runInstaller(
      ["install", "--version", version, "--destdir", this.root],
      {
        from: this.#dir.path("alone"),
        env: {
          no_proxy: "127.0.0.1",
          ...(releases === undefined ? {} : { F2BC_RELEASES: releases }),
        },
      },
    );
  }

  /** Whether nothing was installed. */
  async isUntouched(): Promise<boolean> {
    return await Deno.stat(this.root).then(() => false, (error) => {
      if (error instanceof Deno.errors.NotFound) return true;
      throw error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.#dir[Symbol.asyncDispose]();
  }
}

Deno.test("a version is downloaded, checked and installed", async () => {
  await using site = await Site.create();
  const { code, complained } = await site.install("v1.0.0");
  strictEqual(code, 0, complained.join("\n"));
  deepStrictEqual(site.server.asked, [
    "/v1.0.0/SHA256SUMS",
    `/v1.0.0/${NAME}`,
  ]);
  const files = await filesIn(site.root);
  strictEqual(files.filter((path) => path.includes("/bin/")).length, 3);
});

Deno.test("an archive that was tampered with is refused, with what was expected and what came", async () => {
  await using site = await Site.create();
  const path = `${site.folder}/${NAME}`;
  await Deno.writeFile(path, new Uint8Array([0]), { append: true });
  const { code, complained } = await site.install("1.0.0");
  strictEqual(code, 4);
  const [error = "", hint] = complained;
  match(
    error,
    /^install\.sh: error: fail2ban-cluster-1\.0\.0-\S+ is not what was released: expected [0-9a-f]{64}, got [0-9a-f]{64}$/,
  );
  strictEqual(hint, "install.sh: hint: nothing was installed");
  strictEqual(await site.isUntouched(), true);
});

Deno.test("an archive without a checksum is refused", async () => {
  await using site = await Site.create();
  await Deno.writeTextFile(`${site.folder}/SHA256SUMS`, "");
  const { code, complained } = await site.install("1.0.0");
  strictEqual(code, 4);
  match(complained[0] ?? "", /expected a checksum, got [0-9a-f]{64}$/);
  strictEqual(await site.isUntouched(), true);
});

Deno.test("a release whose files do not fit its checksums is refused, although the archive does", async () => {
  await using site = await Site.create();
  const inside = `${site.folder}/../../release`;
  await Deno.writeTextFile(`${inside}/fail2ban-monitor`, "#!/bin/sh\n");
  await new Deno.Command("tar", {
    args: ["-czf", `${site.folder}/${NAME}`, "-C", inside, "."],
  }).output();
  await writeChecksums(site.folder);
  const { code, complained } = await site.install("1.0.0");
  strictEqual(code, 4);
  match(complained.join("\n"), /is not what was released$/m);
  strictEqual(await site.isUntouched(), true);
});

Deno.test("without a network, or without such a version, it is said what else there is", async () => {
  await using site = await Site.create();
  const nobody = `http://127.0.0.1:${freePort()}`;
  const attempts = [["1.0.0", nobody], ["9.9.9", site.server.url]] as const;
  for (const [version, url] of attempts) {
    const { code, complained } = await site.install(version, url);
    strictEqual(code, 4);
    deepStrictEqual(complained.slice(-2), [
      `install.sh: error: ${url}/v${version}/SHA256SUMS can't be downloaded`,
      "install.sh: hint: give --from DIR for an unpacked release, or --from-source",
    ]);
  }
  strictEqual(await site.isUntouched(), true);
});

Deno.test("releases are downloaded from where that is known, and encrypted", async () => {
  await using site = await Site.create();
  const plain = await site.install("1.0.0", "http://198.51.100.1/releases");
  strictEqual(plain.code, 4);
  match(plain.complained[0] ?? "", /F2BC_RELEASES has to begin with https:/);
  const unknown = await runInstaller(
    ["install", "--version", "1.0.0", "--destdir", site.root],
    { env: { F2BC_RELEASES: "" } },
  );
  strictEqual(unknown.code, 4);
  match(unknown.complained[0] ?? "", /it is not known where releases are$/);
});
