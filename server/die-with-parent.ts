// Loaded with --import before a program that the supervisor starts, so that it ends when the supervisor is gone, even killed.
// Imported by no code; the supervisor names it. A program that was started by hand has no channel and is left alone.

/** Milliseconds that the program has for a clean end once its parent is gone. */
const GRACE_MS = 15_000;

if (process.connected) {
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
  });
  // The channel alone must not keep a program alive that has finished. `next dev` hands --import on to a process of its
  // own, which at first has nothing but the channel to wait at.
  if (!process.env.NEXT_PRIVATE_WORKER) process.channel?.unref();
}
