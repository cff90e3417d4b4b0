// How large the filled database is. Everything follows from the number of servers, as in a company that has been at it for
// some weeks: half of the servers have a job, and a job has had twenty runs.

export interface Sizes {
  /** In the first workspace; the second one, a neighbour that no list may show, has a hundredth of everything. */
  servers: number;
  connectors: number;
  jobs: number;
  runs: number;
  /** AMIs that stand; beside them a fifth as many rows of AMIs that were pruned. */
  images: number;
  instances: number;
  cutovers: number;
  audit: number;
  activeRuns: number;
  queuedRuns: number;
  /** Runs that wait for the connector that is silent. */
  waitingRuns: number;
  leftOvers: number;
}

export const FULL_SERVERS = 100_000;

/** @param servers at least 100 */
export function sizesFor(servers: number): Sizes {
  const share = (whole: number, least: number) => Math.max(least, Math.round((whole * servers) / FULL_SERVERS));
  return {
    servers,
    connectors: 20,
    jobs: Math.floor(servers / 2),
    runs: servers * 10,
    images: share(190_000, 1),
    instances: share(20_000, 1),
    cutovers: share(5_000, 5),
    audit: servers * 10,
    activeRuns: share(80, 4),
    queuedRuns: share(300, 4),
    waitingRuns: share(60, 2),
    leftOvers: share(40, 3),
  };
}

/** Of the second workspace. */
export const neighbourServers = (servers: number) => Math.max(20, Math.round(servers / 100));
