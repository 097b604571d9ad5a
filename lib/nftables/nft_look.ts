/**
 * Looks up one ban in the kernel, without listing all.
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
  /** Timeout of one `nft` call, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
}

/** The kernel's answer when the element, set or table does not exist. */
const ABSENT = /No such file or directory/;

/**
 * Makes a function that looks up bans.
 *
 * @returns A function that tells whether the kernel has an address or prefix.
 * It rejects with a `RuntimeError` when nft fails.
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
