import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { PublisherAddresses } from "../../lib/client/publisher_addresses.ts";
import type { PublisherAddress } from "../../lib/members/member.ts";

function at(host: string): PublisherAddress {
  return { controlUrl: `tcp://${host}:1`, streamUrl: `tcp://${host}:2` };
}

/** The hosts that connections are made to, one after the other. */
function tries(addresses: PublisherAddresses, count: number): string[] {
  return Array.from(
    { length: count },
    () => addresses.next()[0].controlUrl.slice("tcp://".length, -":1".length),
  );
}

Deno.test("PublisherAddresses goes through all of them, again and again, until one answers", () => {
  const addresses = new PublisherAddresses(at("new"), at("old"), at("older"));
  deepStrictEqual(tries(addresses, 5), [
    ...["new", "old", "older"],
    ...["new", "old"],
  ]);
  addresses.noteWelcome();
  deepStrictEqual(addresses.current, at("old"));
  // Where it answered it is looked for first.
  deepStrictEqual(tries(addresses, 3), ["old", "older", "new"]);
});

Deno.test("PublisherAddresses tries a new address once the publisher is silent where it was, and only then", () => {
  const addresses = new PublisherAddresses(at("old"));
  deepStrictEqual(tries(addresses, 1), ["old"]);
  addresses.noteWelcome();
  addresses.replace([at("new"), at("old")]);
  deepStrictEqual(addresses.current, at("old"));
  // A session that ended is no silence.
  deepStrictEqual(tries(addresses, 1), ["old"]);
  addresses.noteWelcome();
  deepStrictEqual(tries(addresses, 4), ["old", "new", "old", "new"]);
});

Deno.test("PublisherAddresses forgets none while it is in use, and goes on with those that are known", () => {
  const addresses = new PublisherAddresses(at("gone"));
  deepStrictEqual(tries(addresses, 1), ["gone"]);
  addresses.replace([at("new"), at("old")]);
  deepStrictEqual(addresses.current, at("gone"));
  deepStrictEqual(tries(addresses, 3), ["new", "old", "new"]);
  addresses.replace([]);
  deepStrictEqual(tries(addresses, 2), ["new", "new"]);
});

Deno.test("noteWelcome() says whether the stream is connected to elsewhere", () => {
  const addresses = new PublisherAddresses(at("new"), at("old"));
  tries(addresses, 1);
  strictEqual(addresses.noteWelcome(), false);
  strictEqual(addresses.nextStreamUrl(), "tcp://new:2");
  strictEqual(addresses.noteWelcome(), false);
  tries(addresses, 2);
  strictEqual(addresses.noteWelcome(), true);
  strictEqual(addresses.nextStreamUrl(), "tcp://old:2");
  strictEqual(addresses.noteWelcome(), false);
});
