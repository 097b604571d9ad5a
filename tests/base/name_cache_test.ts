import { strictEqual } from "node:assert/strict";
import { parseJailName } from "../../lib/base/jail_name.ts";
import { rememberNames, rememberResults } from "../../lib/base/name_cache.ts";

Deno.test("rememberNames() reads a name once, however often it comes", () => {
  let reads = 0;
  const read = rememberNames((text) => {
    reads++;
    return parseJailName(text);
  });
  for (let times = 0; times < 3; times++) {
    strictEqual(read("sshd"), "sshd");
    strictEqual(read("postfix"), "postfix");
  }
  strictEqual(reads, 2);
});

Deno.test("rememberNames() refuses what is no name each time", () => {
  const read = rememberNames(parseJailName);
  strictEqual(read("a|b"), undefined);
  strictEqual(read("a|b"), undefined);
});

Deno.test("rememberNames() forgets all when there are too many, and reads on", () => {
  const read = rememberNames(parseJailName);
  for (let index = 0; index < 10_000; index++) {
    strictEqual(read(`jail${index}`), `jail${index}`);
  }
  strictEqual(read("jail0"), "jail0");
});

Deno.test("rememberResults() asks once about a name, also where the answer is no, and goes on when there are too many", () => {
  const asked: string[] = [];
  const isLong = rememberResults((name) => {
    asked.push(name);
    return name.length > 8;
  });
  for (let times = 0; times < 3; times++) {
    strictEqual(isLong("sshd"), false);
    strictEqual(isLong("nginx-botsearch"), true);
  }
  strictEqual(asked.join(), "sshd,nginx-botsearch");
  for (let index = 0; index < 10_000; index++) {
    strictEqual(isLong(`jail${index}`), false);
  }
  strictEqual(isLong("sshd"), false);
});
