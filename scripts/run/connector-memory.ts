// How the connector's process is started so that its memory does not grow with what it copies. Measured over 8 GiB:
// glibc's heap is torn apart by buffers that it does not give back, and V8's young generation takes up to 100 MiB.
// Read by whoever starts it: scripts/, proofs/; package.json says the same for `npm run connector`.

/** For node, before the program. */
export const CONNECTOR_NODE_OPTIONS: readonly string[] = ['--max-semi-space-size=8'];

/** Buffers of 128 KiB and more are mapped on their own, and go back to the system when they are freed. */
export const CONNECTOR_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_MMAP_THRESHOLD_: '131072' };
