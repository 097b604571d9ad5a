import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { judgeRequest } from "../../lib/publisher/protocol1_requests.ts";
import { tokenList } from "../../lib/publisher/protocol1_tokens.ts";
import { BAD_FIELDS, BAD_MESSAGES } from "../support/values/bad_frames.ts";
import {
  address,
  banEvent,
  host,
  jail,
} from "../support/values/core_values.ts";
import { frames } from "../support/memory/memory_socket.ts";

const TOKEN = "s3cret-token";
const GOOD = "web-1|sshd|Ban|192.0.2.1";
const PROTECTION = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

Deno.test("judgeRequest() relays a good report, and acknowledges it without its token", () => {
  const verdict = judgeRequest(
    frames(`${TOKEN}|${GOOD}`),
    tokenList("other", [{ name: "shop", token: TOKEN, hosts: undefined }]),
    PROTECTION,
  );
  deepStrictEqual(verdict, {
    kind: "relay",
    event: banEvent(GOOD),
    acknowledgement: new TextEncoder().encode(GOOD),
  });
});

Deno.test("judgeRequest() refuses what can't be read, for the reason that it can't", () => {
  for (const [what, message, reason] of BAD_MESSAGES) {
    const refused = { kind: "refuse", reason };
    deepStrictEqual(
      judgeRequest(message, tokenList(TOKEN), PROTECTION),
      refused,
      what,
    );
    deepStrictEqual(
      judgeRequest(message, tokenList(undefined), PROTECTION),
      refused,
      what,
    );
  }
  for (const [message, reason] of BAD_FIELDS) {
    const refused = { kind: "refuse", reason };
    const request = frames(`${TOKEN}|${message}`);
    deepStrictEqual(
      judgeRequest(request, tokenList(TOKEN), PROTECTION),
      refused,
      message,
    );
  }
  const unauthorized = { kind: "refuse", reason: "token" };
  deepStrictEqual(
    judgeRequest(frames(`guess|${GOOD}`), tokenList(TOKEN), PROTECTION),
    unauthorized,
  );
});

Deno.test("judgeRequest() refuses reports under names that are no host's", () => {
  for (const name of ["operator", "widened", "Grown"]) {
    deepStrictEqual(
      judgeRequest(
        frames(`${TOKEN}|${name}|sshd|Ban|192.0.2.1`),
        tokenList(TOKEN),
        PROTECTION,
      ),
      {
        kind: "refuse",
        reason: "not-your-host",
        detail: `${name} is no host's name`,
        refused: {
          node: host(name),
          jail: jail("sshd"),
          address: address("192.0.2.1"),
          rule: "not-your-host",
        },
      },
    );
  }
});

Deno.test("judgeRequest() refuses bans of protected addresses, and says why", () => {
  const cases = [
    ["0.0.0.0", "unspecified (0.0.0.0/8)"],
    ["::1", "loopback (::1)"],
    ["127.0.0.53", "loopback (127.0.0.0/8)"],
    ["169.254.169.254", "link-local (169.254.0.0/16)"],
    ["192.0.0.0/16", "too-wide (/24)"],
    ["2001:db8::/32", "too-wide (/48)"],
  ];
  for (const [address, rule] of cases) {
    deepStrictEqual(
      judgeRequest(
        frames(`web-1|sshd|Ban|${address}`),
        tokenList(undefined),
        PROTECTION,
      ),
      {
        kind: "refuse",
        reason: "protected",
        refused: {
          ...{ node: "web-1", jail: "sshd", address },
          rule: rule?.split(" ")[0],
        },
        detail: `${address} from web-1: ${rule}`,
      },
    );
  }
});

Deno.test("judgeRequest() refuses what happened in the cluster's own jail: it would go round", () => {
  for (const action of ["Ban", "Unban"]) {
    const request = frames(`web-1|fail2bancluster|${action}|192.0.2.1`);
    deepStrictEqual(judgeRequest(request, tokenList(undefined), PROTECTION), {
      kind: "refuse",
      reason: "jail",
      refused: {
        ...{ node: "web-1", jail: "fail2bancluster", address: "192.0.2.1" },
        rule: "jail",
      },
    });
  }
});

Deno.test("judgeRequest() refuses a report for a host that its token is not for, and names the token only", () => {
  const tokens = tokenList("everybodys", [
    { name: "shop", token: TOKEN, hosts: [host("web-1"), host("web-2")] },
    { name: "any", token: "any-token", hosts: undefined },
  ]);
  const kindOf = (request: string) =>
    judgeRequest(frames(request), tokens, PROTECTION).kind;
  for (const name of ["web-1", "WEB-1", "web-2"]) {
    strictEqual(kindOf(`${TOKEN}|${name}|sshd|Ban|192.0.2.1`), "relay");
  }
  for (const token of ["everybodys", "any-token"]) {
    strictEqual(kindOf(`${token}|web-3|sshd|Ban|192.0.2.1`), "relay");
  }
  for (const action of ["Ban", "Unban"]) {
    const request = frames(`${TOKEN}|web-3|sshd|${action}|192.0.2.1`);
    deepStrictEqual(judgeRequest(request, tokens, PROTECTION), {
      kind: "refuse",
      reason: "not-your-host",
      refused: {
        ...{ node: "web-3", jail: "sshd", address: "192.0.2.1" },
        rule: "not-your-host",
      },
      detail: "shop is not for web-3",
    });
  }
});

Deno.test("judgeRequest() has the hosts count of a token that is everybody's as well", () => {
  const named = { name: "shop", token: TOKEN, hosts: [host("web-1")] };
  const tokens = tokenList(TOKEN, [named]);
  const request = frames(`${TOKEN}|web-3|sshd|Ban|192.0.2.1`);
  strictEqual(judgeRequest(request, tokens, PROTECTION).kind, "refuse");
});

Deno.test("judgeRequest() relays the unban of a protected address: it frees somebody", () => {
  const verdict = judgeRequest(
    frames("web-1|sshd|Unban|127.0.0.1"),
    tokenList(undefined),
    PROTECTION,
  );
  strictEqual(verdict.kind, "relay");
});

Deno.test("judgeRequest() refuses what is said of the cluster's own jails", () => {
  for (const own of ["fail2bancluster", "fail2bancluster-drill", "operator"]) {
    const verdict = judgeRequest(
      frames(`web-1|${own}|Ban|192.0.2.1`),
      tokenList(undefined),
      PROTECTION,
    );
    deepStrictEqual(
      [verdict.kind, verdict.kind === "refuse" && verdict.reason],
      [
        "refuse",
        "jail",
      ],
    );
  }
});
