/**
 * Prints the memory of a table of BANS bans, in the heap and outside it.
 *
 * usage: deno run --v8-flags=--expose-gc table_memory.ts BANS
 *
 * @module
 */

import type { Ban } from "../../lib/ban/ban.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import { host, jail } from "../../tests/support/values/core_values.ts";
import { say } from "../bare_zmq.ts";
import { addressAt } from "../protocol2_setup.ts";

const DAY_MS = 86_400_000;
const JAILS = ["sshd", "postfix-sasl", "nginx-http-auth", "dovecot"].map(jail);
const ORIGIN = host("web-1.example.net");

/** Bans as readers create them: they share only names. */
function banAt(index: number): Ban {
  const atMs = Date.now() + 0.5;
  const report = {
    origin: ORIGIN,
    firstMs: atMs,
    lastMs: atMs + index / 1_000,
    expiresMs: atMs + DAY_MS + index,
  };
  return {
    jail: JAILS[index % JAILS.length] ?? jail("sshd"),
    address: addressAt(index),
    reports: [report],
    seq: index + 1,
    isPending: false,
  };
}

function* bans(count: number): Generator<Ban> {
  for (let index = 0; index < count; index++) yield banAt(index);
}

function usedBytes(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Run it with --expose-gc");
  gc();
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

const count = Number(Deno.args[0]);
const before = usedBytes();
const table = new BanTable(bans(count), count);
const taken = usedBytes() - before;
if (table.size !== count) throw new Error(`${table.size} bans`);
say(String(taken));
