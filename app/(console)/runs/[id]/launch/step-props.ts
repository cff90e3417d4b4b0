// What each step of the wizard is given.
import type { Draft, Problems } from './draft.ts';
import type { LaunchChoices } from './types.ts';

export interface StepProps {
  draft: Draft;
  choices: LaunchChoices;
  /** Only what has been said so far. */
  problems: Problems;
  onChange: (part: Partial<Draft>) => void;
}
