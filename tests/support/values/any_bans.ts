/**
 * Arbitrary bans, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import type { Ban, BanReport } from "../../../lib/ban/ban.ts";
import { anyAddress, anyHostName, anyJailName } from "./any_values.ts";
import {
  importOrigin,
  parseImportName,
} from "../../../lib/base/operator_name.ts";
import { host, jail } from "./core_values.ts";

const anyOrigin = fc.oneof(
  fc.constantFrom("web1", "web2", "operator", "_x.y-z").map(host),
  fc.constantFrom("drop", "a_list.2").map(parseImportName)
    .filter((name) => name !== undefined).map(importOrigin),
  anyHostName,
);
const anyBansJail = fc.oneof(
  fc.constantFrom("sshd", "nginx-http-auth").map(jail),
  anyJailName,
);

/**
 * Times close together, far apart, before 1970, and with fractions of a
 * millisecond.
 */
const anyMs = fc.oneof(
  fc.nat(300).map((ms) => 1_790_000_000_000 + ms),
  fc.nat(100_000).map((ms) => 1_790_000_000_000 + ms),
  fc.nat().map((ms) => 1_790_000_000_000 + ms),
  fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  fc.nat(8_000).map((eighths) => 1_790_000_000_000 + eighths / 8),
);

const anyReport: fc.Arbitrary<BanReport> = fc.record({
  origin: anyOrigin,
  firstMs: anyMs,
  lastMs: anyMs,
  expiresMs: fc.oneof(anyMs, fc.constant(Infinity)),
}, { noNullPrototype: true });

/** Bans that a publisher could have. */
export const anyBan: fc.Arbitrary<Ban> = fc.record({
  jail: anyBansJail,
  address: anyAddress,
  reports: fc.uniqueArray(anyReport, {
    minLength: 1,
    maxLength: 4,
    selector: ({ origin }) => origin.toLowerCase(),
  }),
  seq: fc.oneof(
    fc.integer({ min: 1, max: 70_000 }),
    fc.maxSafeNat().filter(Boolean),
  ),
  isPending: fc.boolean(),
}, { noNullPrototype: true });
