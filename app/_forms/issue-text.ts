// What is wrong with a field, as a sentence. Pure.

/** The message of a model's schema. A wrong type comes from a field for a whole number that holds something else. */
export function issueText(issue: { code?: string | undefined; message: string }): string {
  return issue.code === 'invalid_type' ? 'Enter a whole number.' : `${issue.message}.`;
}
