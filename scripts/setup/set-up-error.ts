// A failure of the set-up that the person who started it can act on: shown as it is, without a stack.
export class SetUpError extends Error {}
