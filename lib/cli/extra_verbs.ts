/**
 * The verbs for the page and for several publishers, used by
 * `cluster_verbs.ts`.
 *
 * @module
 */

/** The verbs for several publishers, by their words. */
export const PUBLISHER_VERBS = {
  "publisher add": {
    operands: "NAME",
    count: [1, 1],
    about: "add a publisher to this cluster, and print its join code",
    options: {
      address: {
        value: "HOST",
        help: "address or name at which nodes reach it [NAME]",
      },
    },
  },
  "publisher join": {
    operands: "[NAME] CODE",
    count: [1, 2],
    about:
      "make this host the publisher NAME of the code; - reads both from standard input",
    options: {},
  },
  "publisher list": {
    operands: "",
    count: [0, 0],
    about: "list the publishers: role, term, and records behind",
    options: { json: { help: "print JSON" } },
  },
  "publisher remove": {
    operands: "NAME",
    count: [1, 1],
    about: "remove a publisher that no longer runs",
    options: {},
  },
  "publisher handover": {
    operands: "[NAME]",
    count: [0, 1],
    about: "make this publisher active, or any standby",
    options: {},
  },
} as const;

/** The verbs for the page, by their words. */
export const PAGE_VERBS = {
  "page login": {
    operands: "",
    count: [0, 0],
    about: "print a one-time code to log in to the page",
    options: {
      "read-only": { help: "a login that can change nothing" },
      for: { value: "TIME", help: "how long the login lasts [8h]" },
      json: { help: "print JSON" },
    },
  },
  "page list": {
    operands: "",
    count: [0, 0],
    about: "list who is logged in to the page",
    options: { json: { help: "print JSON" } },
  },
  "page logout": {
    operands: "[USER]",
    count: [0, 1],
    about: "end logins to the page: all of them, or this user's",
    options: {},
  },
} as const;
