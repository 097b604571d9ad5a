/**
 * The bill of materials of the executables, in the format of CycloneDX.
 *
 * @module
 */

import type { LicensedPackage } from "./stage.ts";

/** Options for {@link renderSbom}. */
export interface SbomOptions {
  /** The project's version. */
  readonly version: string;
  /** The target of the compilation. */
  readonly target: string;
  /** The packages of all executables. */
  readonly packages: readonly LicensedPackage[];
  /** The content of `deno.lock`. */
  readonly lock: string;
}

interface LockedPackages {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/**
 * Renders the bill of materials, without a time or serial number: the same
 * sources give the same file.
 *
 * @param options See {@link SbomOptions}.
 */
export function renderSbom(
  { version, target, packages, lock }: SbomOptions,
): string {
  const locked: LockedPackages = JSON.parse(lock);
  const bom = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      component: { type: "application", name: "fail2ban-cluster", version },
      properties: [
        { name: "target", value: target },
        { name: "compiler", value: `deno ${Deno.version.deno}` },
      ],
    },
    components: packages.map((found) => {
      const { name, version, license } = found;
      const integrity = locked.npm[`${name}@${version}`]?.integrity;
      if (integrity === undefined) {
        throw new Error(`deno.lock has no ${name}@${version}`);
      }
      return {
        type: "library",
        name,
        version,
        purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
        licenses: [{ expression: license }],
        hashes: [{ alg: "SHA-512", content: hexOf(integrity) }],
      };
    }),
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

/** The package's checksum in the lock file, in hexadecimal. */
function hexOf(integrity: string): string {
  const base64 = integrity.replace(/^sha512-/, "");
  return Array.from(
    atob(base64),
    (char) => char.charCodeAt(0).toString(16).padStart(2, "0"),
  ).join("");
}
