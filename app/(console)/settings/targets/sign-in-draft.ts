// How a form holds a target's sign-in, and its rules. Pure. A secret is never kept beyond the page.
import type { ConnectorSignIn, SignInKind } from '../../../../replication/model/target.ts';
import type { SignInInput } from './types.ts';

/** The environment's is no choice of a member's: it is shown, and left as it is. */
export interface SignInDraft {
  kind: SignInKind;
  accessKeyId: string;
  secretAccessKey: string;
  roleArn: string;
  connectorSignIn: ConnectorSignIn;
}

export const NEW_SIGN_IN: SignInDraft = {
  ...{ kind: 'assume-role', accessKeyId: '', secretAccessKey: '', roleArn: '', connectorSignIn: 'own' },
};

export type SignInProblems = Partial<Record<'accessKeyId' | 'secretAccessKey' | 'roleArn', string>>;

/** As the server takes it, or what is wrong with each field. */
export function signInOf(
  draft: SignInDraft,
): { signIn: SignInInput; problems?: never } | { signIn?: never; problems: SignInProblems } {
  const [accessKeyId, secretAccessKey, roleArn] = [draft.accessKeyId, draft.secretAccessKey, draft.roleArn].map(
    (text) => text.trim(),
  ) as [string, string, string];
  if (draft.kind === 'assume-role') {
    if (/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(roleArn)) return { signIn: { kind: 'assume-role', roleArn } };
    return { problems: { roleArn: 'The ARN of a role, such as arn:aws:iam::123456789012:role/landfall.' } };
  }
  if (draft.kind === 'access-key') {
    const problems: SignInProblems = {
      ...(!/^[A-Z0-9]{16,128}$/.test(accessKeyId) && {
        accessKeyId: 'An access key ID, such as AKIAIOSFODNN7EXAMPLE.',
      }),
      ...(secretAccessKey.length < 16 && { secretAccessKey: 'The secret access key, 40 characters.' }),
    };
    if (Object.keys(problems).length > 0) return { problems };
    return { signIn: { kind: 'access-key', accessKeyId, secretAccessKey } };
  }
  return { signIn: { kind: 'default-chain' } };
}

/** What the role has to trust, so that only this target can assume it. */
export function trustPolicy(externalId: string, partition: string): string {
  return JSON.stringify(
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:${partition}:iam::ACCOUNT-OF-LANDFALL:root` },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': externalId } },
        },
      ],
    },
    null,
    2,
  );
}
