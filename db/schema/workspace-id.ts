// The id of a workspace, as a type of its own: a text is not one.
declare const brand: unique symbol;

/**
 * Columns that hold a workspace's id hold this, so that a statement can neither be narrowed to a workspace by a mere text nor write
 * into one. A row that was read has one, and `guard` (server/services/context.ts) gives a caller his own.
 */
export type WorkspaceId = string & { readonly [brand]: never };
