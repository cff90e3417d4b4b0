// Where a form says that something is wrong. For forms longer than the screen, and for people who cannot see it.

/** Moves the focus to the first field that is marked invalid, once the marks are there; null and valid forms are left alone. */
export function focusFirstProblem(form: HTMLFormElement | null): void {
  setTimeout(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
