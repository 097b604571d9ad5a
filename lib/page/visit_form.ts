/**
 * The stored form of the page's logins: secrets are stored as digests only.
 *
 * @module
 */

import {
  type StoredForm,
  type Versioned,
  versioned,
} from "../base/json_form.ts";
import { flag, integer, list, record, text } from "../base/json_shape.ts";
import { parseNote } from "../members/member_list_form.ts";
import type { TokenDigest } from "../members/member.ts";
import { MAX_VISITS, type PageVisit } from "../members/page_visit.ts";
import { parseTokenDigest } from "../members/token_digest.ts";

/** A login with the digest of its secret. */
export interface StoredVisit extends PageVisit {
  readonly digest: TokenDigest;
}

/** Logins, oldest first. */
export interface StoredVisits {
  readonly visits: readonly StoredVisit[];
}

/** The stored form of {@link StoredVisits}. */
export const VISITS_FORM: StoredForm<StoredVisits> = versioned(
  "the logins of the page",
  record<Versioned<StoredVisits>>({
    version: integer("version", 1, 1),
    visits: list(
      "visits",
      record<StoredVisit>({
        by: text("by", parseNote),
        isReadOnly: flag("isReadOnly"),
        beganMs: integer("beganMs", 0),
        endsMs: integer("endsMs", 0),
        digest: text("digest", parseTokenDigest),
      }),
      0,
      MAX_VISITS,
    ),
  }),
);
