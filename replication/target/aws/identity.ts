// Whose credentials an AWS target holds. Made by open-target.ts.
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import type { AwsTarget } from './target.ts';

export function createIdentity(clients: AwsClients): AwsTarget['identity'] {
  return async (signal) => {
    const answer = await clients.sts('sts:GetCallerIdentity', signal, (sts, http) => sts.getCallerIdentity({}, http));
    if (!answer.Account || !answer.Arn) throw faultError('aws-fault', { message: 'STS did not say who we are.' });
    return { account: answer.Account, arn: answer.Arn };
  };
}
