// The last line of a cutover's log for the wall. Pure.

interface Line {
  text: string;
}

/** The newest line that does not only repeat the question that stands there in large letters; null when there is none. */
export function lastLine<T extends Line>(log: readonly T[], question: { text: string } | null): T | null {
  return log.findLast(({ text }) => !question || !text.startsWith(question.text)) ?? null;
}
