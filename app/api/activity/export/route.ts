import { handleActivityExport } from '../../../../server/api/export-activity.ts';

export { handleActivityExport as GET };
