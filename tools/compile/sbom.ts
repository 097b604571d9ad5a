/**
 * What is in the executables, as CycloneDX writes it.
 *
 * @module
 */

import type { LicensedPackage } from "./stage.ts";

/** What is described. */
export interface SbomOptions {
  /** The project's version. */
  readonly version: string;
  /** What was compiled for. */
  readonly target: string;
  /** The packages in all executables together. */
  readonly packages: readonly LicensedPackage[];
  /** The text of `deno.lock`. */
  readonly lock: string;
}

interface LockedPackages {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/**
 * Renders the bill of materials: without time or serial number, so that the
 * same sources give the same file.
 *
 * @param options What is described.
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

/** The package's checksum as the lock file has it, in hexadecimal. */
function hexOf(integrity: string): string {
  const base64 = integrity.replace(/^sha512-/, "");
  return Array.from(
    atob(base64),
    (char) => char.charCodeAt(0).toString(16).padStart(2, "0"),
  ).join("");
}
