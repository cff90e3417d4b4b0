// What is wrong with a field, as a sentence. Pure.

/** The message of a model's schema; what is no number at all was typed into a field for a whole one. */
export function issueText(issue: { code?: string | undefined; message: string }): string {
  return issue.code === 'invalid_type' ? 'Enter a whole number.' : `${issue.message}.`;
}
