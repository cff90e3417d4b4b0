// What the groups of a target's fields are given.
import { COUNTS_WORDS, TARGET_FIELDS, type TargetField } from '../../../../replication/model/target-fields.ts';
import type { TargetDraft, TargetProblems } from './target-draft.ts';

export interface FieldProps {
  draft: TargetDraft;
  problems: TargetProblems;
  /** A target that is there: each field then says from when on a change of it counts. */
  editing: boolean;
  onChange: (change: Partial<TargetDraft>) => void;
}

/** From when on a change of the field counts, after what is said of it anyway. */
export function ruled(editing: boolean, field: TargetField, text = ''): string {
  return [text, editing ? COUNTS_WORDS[TARGET_FIELDS[field]] : ''].filter(Boolean).join(' ');
}
