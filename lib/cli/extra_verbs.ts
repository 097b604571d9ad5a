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
    about:
      "make a host one more publisher of this cluster, and print the line that it joins with",
    options: {
      address: { value: "HOST", help: "where nodes reach it [NAME]" },
    },
  },
  "publisher join": {
    operands: "[NAME] CODE",
    count: [1, 2],
    about:
      "make this host the publisher that the code is for; - reads both from standard input",
    options: {},
  },
  "publisher list": {
    operands: "",
    count: [0, 0],
    about: "each publisher: its role, its term, how many records it is behind",
    options: { json: { help: "print JSON" } },
  },
  "publisher remove": {
    operands: "NAME",
    count: [1, 1],
    about: "make it no publisher, once it does not run any more",
    options: {},
  },
  "publisher handover": {
    operands: "[NAME]",
    count: [0, 1],
    about:
      "have the active publisher make way for this one, or for any standby",
    options: {},
  },
} as const;

/** The verbs for the page, by their words. */
export const PAGE_VERBS = {
  "page login": {
    operands: "",
    count: [0, 0],
    about: "print a code that lets a browser into the page, once",
    options: {
      "read-only": { help: "nothing may be changed with it" },
      for: { value: "TIME", help: "how long the login holds [8h]" },
      json: { help: "print JSON" },
    },
  },
  "page list": {
    operands: "",
    count: [0, 0],
    about: "who is logged in to the page",
    options: { json: { help: "print JSON" } },
  },
  "page logout": {
    operands: "[USER]",
    count: [0, 1],
    about: "end the logins to the page, all or those by this user's word",
    options: {},
  },
} as const;
