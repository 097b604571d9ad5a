/**
 * The verbs that let operators into the page, for `cluster_verbs.ts`.
 *
 * @module
 */

/** By words. */
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
