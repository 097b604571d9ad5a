/**
 * Joins the licenses of the embedded packages in one text.
 *
 * @module
 */

import type { LicensedPackage } from "./stage.ts";

const RULE = "=".repeat(79);

/**
 * Renders the license texts, each under its package's name.
 *
 * @param packages The packages.
 */
export function renderLicenses(packages: readonly LicensedPackage[]): string {
  return packages.map(({ name, version, license, texts }) => {
    const heading = `${name} ${version}: ${license}`;
    return [`${RULE}\n${heading}\n${RULE}`, ...texts.map((text) => text.trim())]
      .join("\n\n");
  }).join("\n\n") + "\n";
}
