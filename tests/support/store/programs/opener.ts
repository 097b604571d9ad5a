/**
 * Opens a publisher's store, and prints the error as JSON.
 *
 * Arguments: its path.
 *
 * @module
 */

import { RuntimeError } from "../../../../lib/base/errors.ts";
import { SqliteBanStore } from "../../../../lib/store/io/sqlite_ban_store.ts";

const refusal: { message?: string; hint?: string | undefined } = {};
try {
  using store = SqliteBanStore.open({ path: Deno.args[0] ?? "" });
  refusal.message = `opened ${store.epoch}`;
} catch (error) {
  if (!(error instanceof RuntimeError)) throw error;
  refusal.message = error.message;
  refusal.hint = error.hint;
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(refusal)));
