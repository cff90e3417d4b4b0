// The server as it is now; what blocks it stops the run before anything is made.
import { faultError } from '../../model/fault.ts';
import { withAwsFindings } from '../../target/aws/machine-limits.ts';
import type { ConnectorStep } from './step.ts';

export const checkServer: ConnectorStep<'check-server'> = async (context) => {
  const server = withAwsFindings(await context.source.inspect(context.run.vmId, context.signal), context.transfer);
  const blocking = server.findings.filter((finding) => finding.level === 'blocking');
  for (const finding of server.findings) {
    context.log(
      finding.level === 'blocking' ? 'error' : 'warning',
      `${finding.title.replace(/\.$/, '')}: ${finding.why}`,
    );
  }
  if (blocking.length > 0) {
    throw faultError('server-not-ready', {
      message: `${server.name} cannot be replicated as it is: ${blocking.map((finding) => finding.title).join('; ')}.`,
      remedy: blocking.map((finding) => finding.remedy).join(' '),
    });
  }
  return { server, findings: server.findings };
};
