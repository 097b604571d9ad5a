import {
  copyHoldsWhatChangesLeadTo,
  storeHoldsWhatChangesLeadTo,
} from "./store_properties.ts";

Deno.test("of 100 stores, SqliteBanStore's bans are those that its changes lead to, whatever happened, was forgotten, and whenever it was opened again", () =>
  storeHoldsWhatChangesLeadTo(100));

Deno.test("of 100 copies, SqliteReplicaStore's bans are those that its changes lead to, whatever happened, and whenever it was opened again", () =>
  copyHoldsWhatChangesLeadTo(100));
