// Loaded into Azurite: whoever started it holds the other end of standard input, and when that closes, be it by a
// kill -9, Azurite saves and ends. A parent-death signal would come when a thread ends, and on Linux only.
"use strict";
// Nobody reads any more what it says while it saves; that must not end it first.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
process.stdin.on("end", () => {
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(1), 20000).unref();
});
process.stdin.on("error", () => process.exit(1));
process.stdin.resume();
process.stdin.unref();
