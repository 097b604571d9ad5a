/**
 * Who may use the operator's page, as the operator's command asks it.
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

/** Let somebody in. */
export interface PageLogin {
  /** The user who asks. */
  readonly by: string;
  /** Whether nothing may be changed. */
  readonly isReadOnly: boolean;
  /** How long the login holds, in milliseconds. */
  readonly forMs: number;
}

/** Let nobody in any more who is in by the word of a user; `null`: of anybody. */
export interface PageLogout {
  /** The user who asks. */
  readonly by: string;
  readonly user: string | null;
}

/** What lets somebody in, once. */
export interface PageCode {
  readonly code: string;
  /** How long it does, in milliseconds. */
  readonly forMs: number;
  /** Where the page is, as configured. */
  readonly place: string;
}

/** A login that holds. */
export interface PageVisit {
  /** The user by whose word. */
  readonly by: string;
  readonly isReadOnly: boolean;
  /** In milliseconds since 1970. */
  readonly beganMs: number;
  /** Likewise. */
  readonly endsMs: number;
}

/** Most logins that hold at a time. */
export const MAX_VISITS = 100;
/** Longest that a login holds, in milliseconds: a month. */
export const MAX_VISIT_MS = 31 * 86_400_000;

/** What follows the user's name in the audit where it was done on the page. */
const PAGE_MARK = " (page)";

/** The name under which a user does something on the page. */
export function pageActor(by: string): string {
  return `${by.slice(0, 100)}${PAGE_MARK}`;
}

/** Whether that is one. */
export function isPageActor(by: string): boolean {
  return by.endsWith(PAGE_MARK);
}

const words = (name: string) => text(name, parseNote);
const CODE = /^[0-9a-f]{32}$/;

/** Reads a code; `undefined`: it is none. */
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
