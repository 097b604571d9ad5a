import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { NodeRole, SessionId } from "../../lib/base/ids.ts";
import { Sessions } from "../../lib/publisher/sessions.ts";
import { host } from "../support/values/core_values.ts";
import { member } from "../support/cluster/members.ts";

function bookOf(maxSessions = 3) {
  let made = 0;
  const ended: string[] = [];
  const book = new Sessions({
    newId: () => `s${++made}` as SessionId,
    onEnd: (id) => ended.push(id),
    maxSessions,
  });
  const begin = (route: string, node = "web1") =>
    book.start({
      route,
      node: host(node),
      member: member(node),
      role: "monitor",
      version: "1",
    });
  return { book, begin, ended };
}

Deno.test("Sessions finds a session for the connection that it was given to, and no other", () => {
  const { book, begin } = bookOf();
  const session = begin("a");
  strictEqual(book.find(session.id, "a"), session);
  strictEqual(book.find(session.id, "b"), undefined);
  strictEqual(book.find("s9" as SessionId, "a"), undefined);
});

Deno.test("Sessions ends the session that a connection had when it says HELLO again", () => {
  const { book, begin, ended } = bookOf();
  const first = begin("a");
  const second = begin("a");
  strictEqual(book.find(first.id, "a"), undefined);
  strictEqual(book.find(second.id, "a"), second);
  deepStrictEqual(ended, ["s1"]);
  strictEqual(book.size, 1);
});

Deno.test("Sessions lets the session go that was silent longest, above its bound", () => {
  const { book, begin, ended } = bookOf();
  const sessions = ["a", "b", "c"].map((route) => begin(route));
  book.find(sessions[0]?.id ?? "" as SessionId, "a");
  begin("d");
  deepStrictEqual(ended, ["s2"]);
  strictEqual(book.size, 3);
  strictEqual(begin("b").id, "s5");
  deepStrictEqual(ended, ["s2", "s3"]);
});

Deno.test("Sessions ends all sessions of a node, and no other's", () => {
  const { book, begin, ended } = bookOf();
  begin("a", "Web1");
  begin("b", "web2");
  begin("c", "web1");
  book.endOf(host("WEB1"));
  deepStrictEqual(ended, ["s1", "s3"]);
  strictEqual(book.size, 1);
  book.endOf(host("web1"));
  strictEqual(ended.length, 2);
});

Deno.test("Sessions has eight sessions of a node in each role; above it the one that was silent longest ends", () => {
  const ended: string[] = [];
  let made = 0;
  const book = new Sessions({
    newId: () => String(++made).padStart(32, "0") as SessionId,
    onEnd: (id) => ended.push(id.slice(-2)),
  });
  const begin = (route: string, role: NodeRole, name = "web1") => {
    const who = { role, version: "1", route, node: host(name) };
    return book.start({ ...who, member: member(name) });
  };
  begin("copy", "subscriber");
  const [first] = Array.from(
    { length: 8 },
    (_, at) => begin(`monitor ${at}`, "monitor"),
  );
  begin("other", "monitor", "web2");
  deepStrictEqual(ended, []);
  ok(first !== undefined && book.find(first.id, first.route));
  begin("monitor 9", "monitor");
  deepStrictEqual(ended, ["03"]);
  strictEqual(book.size, 10);
});

Deno.test("Sessions knows who sent what is not understood by the session in it, and only from its connection", () => {
  const book = new Sessions({
    newId: () => "0123456789abcdef".repeat(2) as SessionId,
    onEnd: () => {},
  });
  const who = { role: "monitor", version: "1", route: "a" } as const;
  const { id } = book.start({
    ...who,
    node: host("web1"),
    member: member("web1"),
  });
  const sent = (route: string, text: string) =>
    book.sessionMentionedIn(route, [
      new Uint8Array(),
      new TextEncoder().encode(text),
    ])
      ?.node;
  strictEqual(sent("a", `{"session":"${id}",oops`), "web1");
  strictEqual(sent("b", `{"session":"${id}",oops`), undefined);
  strictEqual(sent("a", "oops"), undefined);
  strictEqual(sent("a", " ".repeat(256) + id), undefined);
  strictEqual(book.sessionMentionedIn("a", []), undefined);
});
