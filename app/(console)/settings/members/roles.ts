// The roles as a person chooses among them.
import { ROLE_LABELS, ROLES, type Role } from '../../../../server/access/permissions.ts';

const DESCRIPTIONS: Record<Role, string> = {
  viewer: 'Sees everything and changes nothing.',
  operator: 'Imports catalogs, works with jobs and runs, launches tests.',
  'cutover-manager':
    'As an operator; also plans and carries out cutovers, launches for good, terminates, deletes AMIs.',
  administrator: 'As a cutover manager; also manages members, connectors, AWS targets and limits.',
};

export const ROLE_CHOICES = ROLES.map((value) => ({
  value,
  label: ROLE_LABELS[value],
  description: DESCRIPTIONS[value],
}));
