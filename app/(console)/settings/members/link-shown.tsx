'use client';
// A link that lets somebody in, as it is handed to the administrator who made it: once.
import Alert from '@cloudscape-design/components/alert';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { Time } from '../../../_ui/time.tsx';
import { inConsole } from '../../../sub-path.ts';

interface LinkShownProps {
  /** `/invitation` or `/reset` */
  page: string;
  token: string;
  expiresAt: Date;
  /** Whom to send it to. */
  email: string;
  label: string;
  /** It goes out by mail as well. */
  mailed: boolean;
}

export function LinkShown({ page, token, expiresAt, email, label, mailed }: LinkShownProps) {
  const url = `${window.location.origin}${inConsole(`${page}/${token}`)}`;
  return (
    <SpaceBetween size="m">
      <Alert type="info" statusIconAriaLabel="Info">
        {mailed
          ? `A mail with this link is on its way to ${email}; you need not pass it on yourself.`
          : `No mail server is set: send this link to ${email} yourself, in a way that nobody else reads.`}{' '}
        It is shown only now, is good once, and expires <Time at={expiresAt} exact />.
      </Alert>
      <section
        aria-label={label}
        className="rounded-lg border border-solid p-3 font-mono text-sm leading-6 wrap-anywhere"
        style={{ borderColor: 'var(--stage-track)' }}
      >
        {url}
      </section>
      <CopyToClipboard
        variant="button"
        copyButtonText="Copy link"
        copyButtonAriaLabel="Copy link"
        copySuccessText="Copied"
        copyErrorText="Could not be copied"
        textToCopy={url}
      />
    </SpaceBetween>
  );
}
