// The shapes of install.mjs that tests use; it is plain JavaScript because it runs before anything is installed.

/** `tools`: with what only tests and other work on Landfall need (devDependencies). */
export interface InstallationKind {
  tools: boolean;
}

export function whyInstall(folder?: string, kind?: Partial<InstallationKind>): string | undefined;

export function installation(folder: string, kind: InstallationKind): string[];

export function adding(folder: string, add: () => Promise<void>): Promise<void>;

export class NpmFailed extends Error {}
