// All tables; the one list that drizzle and the client read.
export * from './access-keys.ts';
export * from './activity.ts';
export * from './attention.ts';
export * from './cloud.ts';
export * from './connectors.ts';
export * from './cutovers.ts';
export * from './invitations.ts';
export * from './notifications.ts';
export * from './people.ts';
export * from './replication.ts';
export type * from './rows.ts';
export * from './saved-views.ts';
export * from './settings.ts';
export * from './tallies.ts';
export * from './targets.ts';
export * from './tasks.ts';
export * from './totp.ts';
