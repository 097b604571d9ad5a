/**
 * Looks whether one ban is in force, without a list of all.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { demandNft } from "./nft_lister.ts";
import { nftPlacesOf, type NftTable } from "./nft_names.ts";
import type { NftProgram } from "./nft_program.ts";

/** Options for {@link nftLook}. */
export interface NftLookOptions {
  readonly program: NftProgram;
  readonly table: NftTable;
  /** Timeout of one call of the program, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
}

/** The kernel's answer where there is no such element, set or table. */
const ABSENT = /No such file or directory/;

/**
 * Makes what looks.
 *
 * @returns Whether the kernel has an address or prefix; it rejects with a
 * `RuntimeError` when that can't be asked.
 */
export function nftLook(
  { program, table, timeoutMs = 10_000 }: NftLookOptions,
): (address: Address, signal: AbortSignal) => Promise<boolean> {
  return async (address, signal) => {
    const [base = ""] = address.split("/");
    const places = nftPlacesOf(address);
    for (const set of [places?.set, places?.part]) {
      if (set === undefined) continue;
      const element = `{ ${base} }`;
      const args = ["get", "element", "inet", table, set, element];
      const outcome = await program.call({ args, timeoutMs }, signal);
      if (outcome.ok) return true;
      if (!ABSENT.test(outcome.stderr)) demandNft(outcome, table);
    }
    return false;
  };
}
