// What an entry is about, and where that is shown. Pure.

interface Subject {
  subjectKind: string;
  subjectId: string;
}

const KINDS: Record<string, { label: string; href?: (id: string) => string }> = {
  catalog: { label: 'Server catalog', href: () => '/servers' },
  channel: { label: 'Notification channel', href: () => '/settings/notifications' },
  connector: { label: 'Connector', href: (id) => `/connectors/${id}` },
  cutover: { label: 'Cutover', href: (id) => `/cutovers/${id}` },
  'enrolment-code': { label: 'Enrolment code' },
  image: { label: 'AMI', href: (id) => `/images?q=id%3D${id}` },
  instance: { label: 'Instance', href: (id) => `/instances/${id}` },
  job: { label: 'Replication job', href: (id) => `/jobs/${id}` },
  invitation: { label: 'Invitation', href: () => '/settings/members' },
  member: { label: 'Member', href: (id) => `/settings/members?q=id%3D${id}` },
  procedure: { label: 'Procedure' },
  run: { label: 'Replication run', href: (id) => `/runs/${id}` },
  server: { label: 'Server', href: (id) => `/servers?q=id%3D${id}` },
  workspace: { label: 'Workspace', href: () => '/settings' },
  target: { label: 'AWS target', href: (id) => `/settings/targets/${id}` },
};

export const SUBJECT_CHOICES = Object.entries(KINDS).map(([value, { label }]) => ({ value, label }));

export function subjectLabel(kind: string): string {
  return KINDS[kind]?.label ?? kind;
}

/** The page of the subject; null where there is none. */
export function subjectHref({ subjectKind, subjectId }: Subject): string | null {
  return KINDS[subjectKind]?.href?.(encodeURIComponent(subjectId)) ?? null;
}
