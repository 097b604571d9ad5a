/**
 * Access to the operator's page, as the operator's command requests it.
 *
 * @module
 */

import {
  flag,
  integer,
  list,
  type Members,
  orNull,
  record,
  text,
} from "../base/json_shape.ts";
import { parseNote } from "./member_list_form.ts";

/** Request for a login. */
export interface PageLogin {
  /** The requesting user. */
  readonly by: string;
  /** Whether the login may change nothing. */
  readonly isReadOnly: boolean;
  /** Duration of the login, in milliseconds. */
  readonly forMs: number;
}

/**
 * Request to end the logins that a user created; `null`: those of all users.
 */
export interface PageLogout {
  /** The requesting user. */
  readonly by: string;
  readonly user: string | null;
}

/** A code for a single login. */
export interface PageCode {
  readonly code: string;
  /** How long it is valid, in milliseconds. */
  readonly forMs: number;
  /** Location of the page, as configured. */
  readonly place: string;
}

/** A valid login. */
export interface PageVisit {
  /** The user who created it. */
  readonly by: string;
  readonly isReadOnly: boolean;
  /** In milliseconds since 1970. */
  readonly beganMs: number;
  /** In milliseconds since 1970. */
  readonly endsMs: number;
}

/** Maximum number of valid logins. */
export const MAX_VISITS = 100;
/** Maximum duration of a login, in milliseconds: a month. */
export const MAX_VISIT_MS = 31 * 86_400_000;

/** Suffix of the user's name in the audit, for actions on the page. */
const PAGE_MARK = " (page)";

/** The name for a user's actions on the page. */
export function pageActor(by: string): string {
  return `${by.slice(0, 100)}${PAGE_MARK}`;
}

/** Whether a name is from {@link pageActor}. */
export function isPageActor(by: string): boolean {
  return by.endsWith(PAGE_MARK);
}

const words = (name: string) => text(name, parseNote);
const CODE = /^[0-9a-f]{32}$/;

/** Reads a code; `undefined`: the text is not one. */
export function parsePageCode(text: string): string | undefined {
  return CODE.test(text) ? text : undefined;
}

/** The members of a {@link PageLogin}. */
export const PAGE_LOGIN: Members<PageLogin> = {
  by: words("by"),
  isReadOnly: flag("isReadOnly"),
  forMs: integer("forMs", 1, MAX_VISIT_MS),
};

/** The members of a {@link PageLogout}. */
export const PAGE_LOGOUT: Members<PageLogout> = {
  by: words("by"),
  user: orNull(words("user")),
};

/** The members of a {@link PageCode}. */
export const PAGE_CODE: Members<PageCode> = {
  code: text("code", parsePageCode),
  forMs: integer("forMs", 1),
  place: words("place"),
};

/** The form of {@link PageVisit}s. */
export const PAGE_VISITS: Members<{ readonly visits: readonly PageVisit[] }> = {
  visits: list(
    "visits",
    record<PageVisit>({
      by: words("by"),
      isReadOnly: flag("isReadOnly"),
      beganMs: integer("beganMs", 0),
      endsMs: integer("endsMs", 0),
    }),
    0,
    MAX_VISITS,
  ),
};
