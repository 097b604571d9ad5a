/**
 * Preloaded on Deno 2.6, which lacks `FsFile.tryLock` and `FsFile.tryLockSync`.
 * Needs the permission `ffi`. Only for tests of compiled programs where no
 * newer base runtime is available.
 *
 * @module
 */

const LOCK_SHARED = 1;
const LOCK_EXCLUSIVE = 2;
const LOCK_NONBLOCKING = 4;
const MAX_DESCRIPTORS = 1_024;

if (!("tryLock" in Deno.FsFile.prototype)) addTryLock();

function openLibc() {
  return Deno.dlopen("libc.so.6", {
    flock: { parameters: ["i32", "i32"], result: "i32" },
    lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  }).symbols;
}

function addTryLock(): void {
  // At once: the executable of all roles revokes the permission for roles
  // without it.
  const mayOpen = Deno.permissions.querySync({ name: "ffi" }).state;
  let opened = mayOpen === "granted" ? openLibc() : undefined;
  const libc = () => opened ??= openLibc();

  /**
   * The descriptor of an open file, which Deno does not reveal: the one whose
   * position is where this file was just moved to.
   */
  const descriptorOf = (file: Deno.FsFile): number => {
    const before = file.seekSync(0, Deno.SeekMode.Current);
    const chance = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const mark = BigInt(2 ** 40 + chance);
    file.seekSync(mark, Deno.SeekMode.Start);
    try {
      for (let descriptor = 0; descriptor < MAX_DESCRIPTORS; descriptor++) {
        const place = libc().lseek(descriptor, 0n, Deno.SeekMode.Current);
        if (BigInt(place) === mark) return descriptor;
      }
    } finally {
      file.seekSync(before, Deno.SeekMode.Start);
    }
    throw new Error("The open file is not among the open files");
  };

  const isLocked = (file: Deno.FsFile, exclusive: boolean): boolean => {
    const kind = exclusive ? LOCK_EXCLUSIVE : LOCK_SHARED;
    return libc().flock(descriptorOf(file), kind | LOCK_NONBLOCKING) === 0;
  };

  Object.defineProperties(Deno.FsFile.prototype, {
    tryLock: {
      value(this: Deno.FsFile, exclusive = false): Promise<boolean> {
        return Promise.resolve(isLocked(this, exclusive));
      },
    },
    tryLockSync: {
      value(this: Deno.FsFile, exclusive = false): boolean {
        return isLocked(this, exclusive);
      },
    },
  });
}
