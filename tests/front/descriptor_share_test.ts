import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { shareDescriptors } from "../../lib/front/descriptor_share.ts";
import type { FrontLimits } from "../../lib/front/front.ts";
import {
  BROADCAST_LIMITS,
  CONTROL_LIMITS,
  REPLY_LIMITS,
  STREAM_LIMITS,
} from "../../lib/front/front_limits.ts";

const PROTOCOL_1 = { reply: REPLY_LIMITS, broadcast: BROADCAST_LIMITS };
const PROTOCOL_2 = { control: CONTROL_LIMITS, stream: STREAM_LIMITS };
const ALL = { ...PROTOCOL_1, ...PROTOCOL_2 };
/** What a publisher without a connection has open, and some for operators. */
const OWN = 120;

/** Descriptors at the most, when every place of every port is taken. */
function mostOf(limits: Readonly<Record<string, FrontLimits>>): number {
  return Object.values(limits).reduce((sum, { maxOpen, maxShaking }) => {
    const endpoints = Number.isFinite(maxShaking) ? 2 * maxShaking : 1;
    return sum + 4 * maxOpen + endpoints;
  }, OWN);
}

Deno.test("shareDescriptors() leaves the bounds as they are where the unit's limit of open files holds", () => {
  for (const openFiles of [65_536, 1_048_576, Infinity]) {
    const { limits, lackOf } = shareDescriptors(ALL, openFiles);
    deepStrictEqual([limits, lackOf], [ALL, undefined]);
  }
});

Deno.test("shareDescriptors() never lets ports take more than there are, whichever there are", () => {
  const anyLimit = fc.integer({ min: 0, max: 70_000 });
  const anyPorts = fc.constantFrom(ALL, PROTOCOL_1, PROTOCOL_2);
  fc.assert(fc.property(anyPorts, anyLimit, (ports, openFiles) => {
    try {
      const { limits, lackOf } = shareDescriptors<string>(ports, openFiles);
      ok(mostOf(limits) <= openFiles, JSON.stringify(limits));
      strictEqual(lackOf !== undefined, limits !== ports);
    } catch (error) {
      ok(error instanceof RuntimeError);
      ok(openFiles < 512);
    }
  }));
});

Deno.test("shareDescriptors() gives each port the same part, and says how many files would do", () => {
  const { limits, lackOf } = shareDescriptors(PROTOCOL_2, 1_024);
  const { maxOpen, maxShaking, maxShakingOfAddress, maxOfNode } =
    limits.control;
  deepStrictEqual(
    [maxOpen, maxShaking, maxShakingOfAddress, maxOfNode, lackOf],
    [97, 12, 6, 4, 35_008],
  );
  strictEqual(limits.stream.maxOpen, maxOpen);
  strictEqual(limits.stream.bytes, STREAM_LIMITS.bytes);
});

Deno.test("shareDescriptors() refuses what is of no use, and says what is needed", () => {
  throws(
    () => shareDescriptors(ALL, 256),
    {
      name: "RuntimeError",
      message: "only 256 files may be open: the ports take at least 392",
      hint: "raise the limit (LimitNOFILE= of the unit, ulimit -n)",
    },
  );
  ok(shareDescriptors(ALL, 392));
});
