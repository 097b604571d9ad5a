import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  DnsResolver,
  type Lookup,
} from "../../../lib/protection/io/dns_resolver.ts";
import { host } from "../../support/values/core_values.ts";
import { settled } from "../../support/memory/manual_clock.ts";

const NAME = host("db.example.net");

function signalNever(): AbortSignal {
  return new AbortController().signal;
}

/** A system that answers with these addresses. */
function answering(...addresses: string[]): Lookup {
  return () => Promise.resolve(addresses);
}

Deno.test("resolve() asks the system, /etc/hosts included", async () => {
  const addresses = await new DnsResolver().resolve(
    host("localhost"),
    signalNever(),
  );
  ok(addresses.length > 0);
  for (const address of addresses) {
    ok(address === "::1" || address.startsWith("127."), address);
  }
});

Deno.test("resolve() gives every address, canonical, each once", async () => {
  const lookup = answering(
    "192.0.2.1",
    "2001:DB8::1",
    "::ffff:192.0.2.1",
    "fe80::1%eth0",
  );
  deepStrictEqual(
    await new DnsResolver(lookup).resolve(NAME, signalNever()),
    ["192.0.2.1", "2001:db8::1", "fe80::1"],
  );
});

Deno.test("resolve() asks for the name as it is, and each time anew", async () => {
  const asked: string[] = [];
  const resolver = new DnsResolver((name) => {
    asked.push(name);
    return Promise.resolve([`192.0.2.${asked.length}`]);
  });
  deepStrictEqual(await resolver.resolve(NAME, signalNever()), ["192.0.2.1"]);
  deepStrictEqual(await resolver.resolve(NAME, signalNever()), ["192.0.2.2"]);
  deepStrictEqual(asked, [NAME, NAME]);
});

Deno.test("resolve() says why there is no answer, in an error that the operator can mend", async () => {
  const failure = Object.assign(new Error("getaddrinfo ENOTFOUND"), {
    code: "ENOTFOUND",
  });
  const cases: readonly (readonly [lookup: Lookup, message: string])[] = [
    [
      () => Promise.reject(failure),
      "db.example.net can't be looked up: ENOTFOUND",
    ],
    [
      () => Promise.reject(new Error("odd")),
      "db.example.net can't be looked up: Error: odd",
    ],
    [answering(), "db.example.net has no address"],
    [answering("nonsense", "192.0.2.0/24"), "db.example.net has no address"],
  ];
  for (const [lookup, message] of cases) {
    await rejects(
      new DnsResolver(lookup).resolve(NAME, signalNever()),
      (error) => error instanceof RuntimeError && error.message === message,
      message,
    );
  }
});

Deno.test("resolve() rejects with the signal's reason at once, though the system never answers", async () => {
  const resolver = new DnsResolver(() =>
    Promise.withResolvers<never>().promise
  );
  const stop = new AbortController();
  const reason = new Error("stop");
  const resolving = resolver.resolve(NAME, stop.signal);
  stop.abort(reason);
  await rejects(resolving, reason);
});

Deno.test("resolve() asks nobody once it is aborted", async () => {
  let asked = 0;
  const resolver = new DnsResolver(() => {
    asked++;
    return Promise.resolve(["192.0.2.1"]);
  });
  const reason = new Error("stop");
  await rejects(resolver.resolve(NAME, AbortSignal.abort(reason)), reason);
  strictEqual(asked, 0);
});

Deno.test("resolve() lets nobody hear of a system that fails after the abort", async () => {
  const answer = Promise.withResolvers<never>();
  const resolver = new DnsResolver(() => answer.promise);
  const stop = new AbortController();
  const reason = new Error("stop");
  const resolving = resolver.resolve(NAME, stop.signal);
  stop.abort(reason);
  await rejects(resolving, reason);
  // An unhandled rejection would fail the test.
  answer.reject(new Error("too late"));
  await settled();
});
