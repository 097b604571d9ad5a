import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { RequestWindow } from "../../lib/monitor/request_window.ts";

Deno.test("RequestWindow gives requests into flight in the order of their coming, each once", () => {
  const window = new RequestWindow<string>(3);
  strictEqual(window.nextUnsent(), undefined);
  for (const request of ["a", "b", "c"]) window.push(request);
  const taken = [window.nextUnsent(), window.nextUnsent(), window.nextUnsent()];
  deepStrictEqual(taken, ["a", "b", "c"]);
  strictEqual(window.nextUnsent(), undefined);
  strictEqual(window.inFlight, 3);
});

Deno.test("RequestWindow.settleOldest() makes room and gives the oldest back", () => {
  const window = new RequestWindow<string>(2);
  window.push("a");
  window.push("b");
  strictEqual(window.hasRoom, false);
  window.nextUnsent();
  window.nextUnsent();
  strictEqual(window.oldestInFlight, "a");
  strictEqual(window.acknowledgeOldest(), "a");
  strictEqual(window.oldestInFlight, "b");
  strictEqual(window.hasRoom, true);
  deepStrictEqual([window.size, window.inFlight], [1, 1]);
});

Deno.test("RequestWindow.rewind() sends again, in order, what was not settled", () => {
  const window = new RequestWindow<string>(3);
  for (const request of ["a", "b", "c"]) window.push(request);
  window.nextUnsent();
  window.nextUnsent();
  window.acknowledgeOldest();
  window.rewind();
  strictEqual(window.oldestInFlight, undefined);
  deepStrictEqual([window.nextUnsent(), window.nextUnsent()], ["b", "c"]);
});

Deno.test("RequestWindow refuses more than it holds, and an answer to nothing", () => {
  const window = new RequestWindow<string>(1);
  throws(() => window.acknowledgeOldest(), RangeError);
  window.push("a");
  throws(() => window.push("b"), RangeError);
  throws(() => window.acknowledgeOldest(), RangeError);
  strictEqual(window.size, 1);
});

Deno.test("RequestWindow can't be made for less than one request, or for part of one", () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    throws(() => new RequestWindow(capacity), {
      name: "RangeError",
      message: new RegExp(`current value is ${capacity}$`),
    });
  }
});

Deno.test("RequestWindow settles all in order, and keeps what is unsettled, whatever happens to it", () => {
  const CAPACITY = 5;
  const steps = fc.array(
    fc.constantFrom("push", "take", "settle", "rewind"),
    { maxLength: 200 },
  );
  fc.assert(fc.property(steps, (names) => {
    const window = new RequestWindow<number>(CAPACITY);
    let pushed = 0;
    let sent = 0;
    let settled = 0;
    for (const name of names) {
      if (name === "push" && window.hasRoom) window.push(pushed++);
      if (name === "take" && window.nextUnsent() !== undefined) sent++;
      if (name === "settle" && window.inFlight > 0) {
        strictEqual(window.acknowledgeOldest(), settled++);
      }
      if (name === "rewind") {
        window.rewind();
        sent = settled;
      }
      strictEqual(window.size, pushed - settled);
      strictEqual(window.inFlight, sent - settled);
      strictEqual(window.hasRoom, pushed - settled < CAPACITY);
      const oldest = sent > settled ? settled : undefined;
      strictEqual(window.oldestInFlight, oldest);
    }
  }));
});
