'use client';
// How the console and its connectors sign in to an AWS target, with what a role must trust.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { SignInKind } from '../../../../replication/model/target.ts';
import { ChoiceField } from '../../../_forms/choice-field.tsx';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { type SignInDraft, type SignInProblems, trustPolicy } from './sign-in-draft.ts';
import { CONNECTOR_CHOICES, SIGN_IN_CHOICES } from './target-choices.ts';

interface SignInFieldsProps {
  draft: SignInDraft;
  problems: SignInProblems;
  /** What may be chosen here. */
  allowed: readonly SignInKind[];
  /** What the role asks for; null while it is not known, or without a key to make it of. */
  externalId: string | null;
  /** The part of AWS that the target is in: `aws`. */
  partition: string;
  onChange: (change: Partial<SignInDraft>) => void;
}

export function SignInFields({ draft, problems, allowed, externalId, partition, onChange }: SignInFieldsProps) {
  const text = (field: 'accessKeyId' | 'secretAccessKey' | 'roleArn', type: 'text' | 'password' = 'text') => (
    <Input
      type={type}
      value={draft[field]}
      spellcheck={false}
      autoComplete={false}
      onChange={({ detail }) => onChange({ [field]: detail.value })}
    />
  );
  const withheld = (['assume-role', 'access-key'] as const).some((kind) => !allowed.includes(kind));
  return (
    <SpaceBetween size="l">
      <ChoiceField
        label="How the console signs in"
        choices={SIGN_IN_CHOICES.filter(({ value }) => allowed.includes(value))}
        value={draft.kind}
        onChange={(kind) => onChange({ kind })}
      />
      {withheld && (
        <Alert type="warning" statusIconAriaLabel="Warning" header="No roles or access keys yet">
          Landfall has no key to seal secrets with. Set LANDFALL_SECRET_KEY where web and worker run
          (docs/operations.md).
        </Alert>
      )}
      {draft.kind === 'access-key' && (
        <SpaceBetween size="l">
          <FormField label="Access key ID" errorText={problems.accessKeyId}>
            {text('accessKeyId')}
          </FormField>
          <FormField
            label="Secret access key"
            constraintText="Sealed before it is kept, and never shown again."
            errorText={problems.secretAccessKey}
          >
            {text('secretAccessKey', 'password')}
          </FormField>
        </SpaceBetween>
      )}
      {draft.kind === 'assume-role' && (
        <SpaceBetween size="l">
          <FormField
            label="ARN of the role"
            constraintText="arn:aws:iam::ACCOUNT:role/NAME, of the account that the target is in."
            errorText={problems.roleArn}
            stretch
          >
            {text('roleArn')}
          </FormField>
          {externalId && <Trust externalId={externalId} partition={partition} />}
        </SpaceBetween>
      )}
      <ChoiceField
        label="How connectors sign in"
        choices={CONNECTOR_CHOICES}
        value={draft.connectorSignIn}
        onChange={(connectorSignIn) => onChange({ connectorSignIn })}
      />
    </SpaceBetween>
  );
}

/** The external id and the trust policy of the role, to be copied. */
function Trust({ externalId, partition }: { externalId: string; partition: string }) {
  const policy = trustPolicy(externalId, partition);
  return (
    <SpaceBetween size="m">
      <FormField label="External ID" constraintText="Made by Landfall, of this target alone. It never changes.">
        <CopyableId id={externalId} name="external ID" />
      </FormField>
      <FormField
        label="Trust policy of the role"
        constraintText="ACCOUNT-OF-LANDFALL: the account whose key or role web and worker have."
        stretch
      >
        <SpaceBetween size="xs">
          <Box variant="code">
            <pre className="m-0 overflow-x-auto whitespace-pre-wrap wrap-anywhere">{policy}</pre>
          </Box>
          <CopyToClipboard
            variant="button"
            copyButtonText="Copy trust policy"
            copyButtonAriaLabel="Copy trust policy"
            copySuccessText="Copied"
            copyErrorText="Could not be copied"
            textToCopy={policy}
          />
        </SpaceBetween>
      </FormField>
    </SpaceBetween>
  );
}
