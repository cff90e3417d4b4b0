// Proofs that are too long for npm test, which names them in its last lines. docs/proofs.md keeps what they found and when.

export interface NamedProof {
  /** Test files, given to vitest. */
  files: readonly string[];
  env: Readonly<Record<string, string>>;
  /** What it shows beyond npm test. */
  what: string;
  /** Why npm test leaves it out. */
  why: string;
}

/** By what follows `proof:` in the name of its npm command. */
export const NAMED_PROOFS: Readonly<Record<string, NamedProof>> = {
  property: {
    files: ['proofs/property.test.ts'],
    env: { LANDFALL_PROPERTY_RUNS: '500' },
    what: '500 random runs, among which every copy mode, path, transport and nearly every kind of trouble must occur',
    why: 'it takes four minutes of both cores; npm test has 100 of them, with another seed each time',
  },
};
