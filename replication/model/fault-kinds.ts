// Every kind of fault: what it means, what to do, where the problem lies, whether trying again helps. docs/faults.md explains each.
type FaultKind = {
  message: string;
  remedy: string;
  blame: 'you' | 'source' | 'connector' | 'aws' | 'us';
  /** now: the same call may go through at once; later: something must change first; never: this input will always fail. */
  retry: 'now' | 'later' | 'never';
};

export const FAULT_KINDS = {
  'vcenter-unreachable': {
    message: 'The connector cannot reach vCenter.',
    remedy: 'Check that vCenter is up and that the connector may reach it on port 443.',
    blame: 'source',
    retry: 'now',
  },
  'vcenter-login-refused': {
    message: 'vCenter refused the user name or password.',
    remedy: "Correct the vCenter login in the connector's settings; the account may also be locked.",
    blame: 'you',
    retry: 'later',
  },
  'vcenter-certificate-changed': {
    message: 'vCenter shows another certificate than the one that was trusted.',
    remedy: "If the certificate was renewed on purpose, set the new fingerprint in the connector's settings.",
    blame: 'you',
    retry: 'later',
  },
  'vcenter-session-lost': {
    message: 'vCenter ended the session.',
    remedy: 'Nothing to do: the connector logs in again by itself.',
    blame: 'source',
    retry: 'now',
  },
  'vcenter-privilege-missing': {
    message: "The connector's vCenter account lacks a privilege.",
    remedy: 'Add the named privilege to the role of the account, with propagation to the data centers of the servers.',
    blame: 'you',
    retry: 'later',
  },
  'vcenter-fault': {
    message: 'vCenter answered with an error.',
    remedy: "Read vCenter's text below, and look at the task in vCenter.",
    blame: 'source',
    retry: 'later',
  },
  'esxi-unreachable': {
    message: 'The connector cannot reach the ESXi host that holds the server.',
    remedy: 'Check that the name of the host resolves on the connector and that port 443 is open to it.',
    blame: 'source',
    retry: 'now',
  },
  'server-gone': {
    message: 'The server is no longer in vCenter.',
    remedy:
      'Re-import the server catalog. If the server was moved to another vCenter, make a new replication job there.',
    blame: 'source',
    retry: 'never',
  },
  'server-not-ready': {
    message: 'The server cannot be replicated as it is.',
    remedy: 'Resolve the blocking findings listed with the server, then start the run again.',
    blame: 'you',
    retry: 'later',
  },
  'snapshot-failed': {
    message: 'vSphere could not take the snapshot.',
    remedy: 'Look at the task in vCenter. Open snapshots, locked disks and maintenance mode are the usual causes.',
    blame: 'source',
    retry: 'later',
  },
  'snapshot-no-space': {
    message: 'The datastore has too little free space for a snapshot.',
    remedy: 'Free space on the datastore, or move the server to another one.',
    blame: 'source',
    retry: 'later',
  },
  'snapshot-removal-failed': {
    message: 'vSphere could not remove the snapshot that the run made.',
    remedy: 'Look at the task in vCenter; the removal is tried again by itself.',
    blame: 'source',
    retry: 'now',
  },
  'export-refused': {
    message: 'vSphere refused to export the snapshot.',
    remedy: 'Look at the task in vCenter; another export or a backup of the same server may be under way.',
    blame: 'source',
    retry: 'later',
  },
  'export-cut': {
    message: 'The stream of a disk ended before its end.',
    remedy:
      'Nothing to do: the disk is copied again. If it happens often, look at the network between connector and hosts.',
    blame: 'source',
    retry: 'now',
  },
  'vmdk-invalid': {
    message: 'The disk came in a form that is not a valid stream-optimized VMDK.',
    remedy: 'Start the run again. If it fails again, keep the run log and report it.',
    blame: 'source',
    retry: 'later',
  },
  'nbd-unreachable': {
    message: 'The connector cannot reach the NBD server that serves the disk.',
    remedy: 'Check that the NBD server runs, and that the connector may reach its port or its socket.',
    blame: 'source',
    retry: 'now',
  },
  'nbd-refused': {
    message: 'The NBD server and the connector did not agree on a connection.',
    remedy: 'Check the name of the export, and the TLS settings and certificates on both sides.',
    blame: 'you',
    retry: 'later',
  },
  'nbd-invalid': {
    message: 'The NBD server answered in a way that the NBD protocol does not allow.',
    remedy: 'Start the run again. If it fails again, keep the run log and report it with the version of the server.',
    blame: 'source',
    retry: 'later',
  },
  'disk-read-failed': {
    message: 'The source could not read the disk.',
    remedy: "Look at the storage that holds the disk and at the source's own log; the read is tried again by itself.",
    blame: 'source',
    retry: 'now',
  },
  'disk-unsupported': {
    message: 'The disk cannot be replicated.',
    remedy: 'Change the kind of the disk, or leave the server out.',
    blame: 'you',
    retry: 'never',
  },
  'connector-lost': {
    message: 'The connector stopped answering while it worked on the run.',
    remedy:
      'Check that the connector runs and reaches the console. What was under way goes on by itself when it is back.',
    blame: 'connector',
    retry: 'later',
  },
  'left-at-source': {
    message: 'A snapshot that replication took is still at the source.',
    remedy: 'Remove it in the VM manager by hand, then forget the entry.',
    blame: 'you',
    retry: 'later',
  },
  'connector-refused': {
    message: 'The console does not know this connector.',
    remedy: 'Enrol the connector with a new one-time code: set LANDFALL_ENROL_CODE and start it again.',
    blame: 'you',
    retry: 'never',
  },
  'connector-superseded': {
    message: 'Another process of this connector is at work.',
    remedy:
      'Nothing to do if the connector was moved. Otherwise end one of the two, or give each an enrolment and a folder of its own.',
    blame: 'you',
    retry: 'later',
  },
  'connector-session-unknown': {
    message: 'The console does not know this session of the connector.',
    remedy: 'Nothing to do: the connector greets the console again by itself.',
    blame: 'us',
    retry: 'now',
  },
  'message-refused': {
    message: 'The console did not take what the connector told it.',
    remedy:
      'Bring connector and console to the same version, and start it again. If both are the same, report it with the text below.',
    blame: 'us',
    retry: 'later',
  },
  'connector-outdated': {
    message: 'The connector is of a version that cannot work with credentials lent by the console.',
    remedy: 'Update the connector, or let connectors of the AWS target sign in with a key of their own.',
    blame: 'connector',
    retry: 'later',
  },
  'connector-without-key': {
    message: 'The connector has no key for AWS, and the AWS target lends none.',
    remedy:
      'Let the console lend credentials to the connectors of the AWS target, or give the connector a key (docs/operations.md).',
    blame: 'you',
    retry: 'later',
  },
  'lending-impossible': {
    message: 'The console cannot lend credentials for AWS to the connector.',
    remedy:
      'Let the console sign in to the AWS target by a role or with an access key, or let connectors sign in with a key of their own.',
    blame: 'you',
    retry: 'later',
  },
  'work-abandoned': {
    message: 'The work was begun several times, and each time whoever did it fell silent before it got any further.',
    remedy:
      'Look at the logs of the connector or the worker for the reason: a machine that stops, or runs out of memory. Start it again when that is resolved.',
    blame: 'us',
    retry: 'later',
  },
  'no-connector': {
    message: 'No healthy connector serves this server.',
    remedy: 'Start the connector, or look at its failing checks on the Connectors page.',
    blame: 'connector',
    retry: 'later',
  },
  'aws-unreachable': {
    message: 'AWS cannot be reached.',
    remedy: 'Check the network, the proxy and the endpoints of the AWS target.',
    blame: 'aws',
    retry: 'now',
  },
  'aws-credentials-refused': {
    message: 'AWS refused the access key.',
    remedy: 'Replace the access key of the AWS target; check the clock of the machine.',
    blame: 'you',
    retry: 'later',
  },
  'aws-region-disabled': {
    message: 'The Region is not enabled for the AWS account.',
    remedy:
      'Enable the Region in the account (AWS console › Account › AWS Regions) and wait until it says Enabled. If it is enabled, replace the access key of the AWS target.',
    blame: 'you',
    retry: 'later',
  },
  'aws-credentials-missing': {
    message: 'There are no AWS credentials to sign in to the AWS target with.',
    remedy:
      'Give the target an access key of its own (Settings › the target › Sign-in), or set the AWS variables for web and worker and start them again (docs/operations.md).',
    blame: 'you',
    retry: 'later',
  },
  'aws-role-refused': {
    message: 'AWS does not let the console assume the role of the AWS target.',
    remedy:
      "Let the role's trust policy allow sts:AssumeRole to the console's identity with the external id that the target shows, and let a policy of that identity allow sts:AssumeRole on the role.",
    blame: 'you',
    retry: 'later',
  },
  'aws-role-unguarded': {
    message: 'The role can be assumed without the external id of the AWS target.',
    remedy:
      "Add the condition StringEquals sts:ExternalId with the target's external id to the role's trust policy: without it, others who use this console could assume it too.",
    blame: 'you',
    retry: 'later',
  },
  'aws-account-differs': {
    message: 'The credentials belong to another AWS account than the AWS target.',
    remedy: 'Use credentials of the account of the target, or create another AWS target for the other account.',
    blame: 'you',
    retry: 'never',
  },
  'sign-in-reserved': {
    message: 'This way to sign in to AWS is not open to members here.',
    remedy: 'Use an access key of the account, or a role that the console assumes.',
    blame: 'you',
    retry: 'never',
  },
  'mail-not-set': {
    message: 'No mail can be sent: the console knows no SMTP server.',
    remedy:
      'Set LANDFALL_SMTP_URL and LANDFALL_MAIL_FROM for every web and worker and start them again (docs/operations.md).',
    blame: 'you',
    retry: 'later',
  },
  'mail-refused': {
    message: 'The SMTP server did not take the mail.',
    remedy:
      'Read its answer below. Server, login and sender are LANDFALL_SMTP_URL and LANDFALL_MAIL_FROM of web and worker (docs/operations.md).',
    blame: 'you',
    retry: 'later',
  },
  'secret-key-missing': {
    message: 'LANDFALL_SECRET_KEY is not set, so that no secret can be sealed or opened.',
    remedy:
      'Set LANDFALL_SECRET_KEY for every web and worker, with every key that something is sealed with, and start them again (docs/operations.md).',
    blame: 'you',
    retry: 'later',
  },
  'secret-unreadable': {
    message: 'A secret in the database does not open.',
    remedy:
      'It was damaged or moved, or the key of this name is another one. Enter the secret anew (for an AWS target: Sign-in, on its page), or restore the database or the key from a backup.',
    blame: 'you',
    retry: 'later',
  },
  'aws-access-denied': {
    message: 'The AWS identity may not do this.',
    remedy: 'Add the named action to the IAM policy (docs/aws-permissions.md has the whole policy).',
    blame: 'you',
    retry: 'later',
  },
  'aws-throttled': {
    message: 'AWS asks for fewer requests.',
    remedy: 'Nothing to do: it is tried again more slowly. Raise the quota in the account if it lasts.',
    blame: 'aws',
    retry: 'now',
  },
  'aws-busy': {
    message: 'The AWS account has as much of this under way as it may have at once.',
    remedy: 'Try again when other work in the account has ended. If it happens often, raise the quota that is named.',
    blame: 'aws',
    retry: 'later',
  },
  'aws-limit': {
    message: 'A quota of the AWS account is used up.',
    remedy: 'Raise the quota that is named, or wait until other work has ended.',
    blame: 'you',
    retry: 'later',
  },
  'aws-fault': {
    message: 'AWS answered with an error.',
    remedy: 'Read the text of AWS below; try again when its cause is gone.',
    blame: 'aws',
    retry: 'later',
  },
  'staging-bucket-missing': {
    message: 'The staging bucket does not exist or belongs to another account.',
    remedy: 'Create the bucket in the Region of the AWS target, or correct its name.',
    blame: 'you',
    retry: 'later',
  },
  'staging-failed': {
    message: 'The upload to the staging bucket failed.',
    remedy: 'Try again. If it fails again, look at the network between connector and S3.',
    blame: 'aws',
    retry: 'now',
  },
  'import-role-missing': {
    message: 'The service role for VM Import does not exist or has too few rights.',
    remedy: 'Create the role `vmimport` as in docs/aws-permissions.md.',
    blame: 'you',
    retry: 'later',
  },
  'digests-lost': {
    message: "Digests of the last copy are gone from the target's bucket.",
    remedy:
      'Start the run again: it copies the disks whole. See to it that no lifecycle rule and nobody deletes objects under landfall-digests/.',
    blame: 'you',
    retry: 'later',
  },
  'verification-failed': {
    message: 'What was read back from the EBS snapshot is not what was sent.',
    remedy:
      'Nothing of this run is used. Start the run again: it copies the disk whole into a new snapshot. If it fails again, report it with the blocks named below.',
    blame: 'us',
    retry: 'later',
  },
  'import-snapshot-failed': {
    message: 'AWS could not turn the uploaded disk into a snapshot.',
    remedy: 'Read the text of AWS below, then start the run again.',
    blame: 'aws',
    retry: 'later',
  },
  'ebs-snapshot-failed': {
    message: 'AWS refused the EBS snapshot, or lost it.',
    remedy: 'Read the text of AWS below; the next run begins a new snapshot.',
    blame: 'aws',
    retry: 'later',
  },
  'made-before': {
    message: "Something at AWS bears this run's name, and was made of something else.",
    remedy:
      "The run has gone on elsewhere, as after the console's database was restored from an older copy. Nothing was deleted: look at AWS for the AMI that it made. Start the run again: it makes another AMI.",
    blame: 'you',
    retry: 'later',
  },
  'result-kept': {
    message: 'Something at AWS was not deleted, because it may be a finished result.',
    remedy:
      'Look at it at AWS. If it is of no use, delete it there: the entry goes by itself within the hour. If it is to stay, forget the entry.',
    blame: 'you',
    retry: 'later',
  },
  'snapshot-in-use': {
    message: 'An EBS snapshot cannot be deleted: an AMI uses it.',
    remedy: 'Deregister the AMI at AWS if it is of no use: the snapshot goes by itself then.',
    blame: 'you',
    retry: 'later',
  },
  'import-image-failed': {
    message: 'VM Import could not make an AMI of the snapshots.',
    remedy: "Read VM Import's text below: it names what in the guest must change before the next run.",
    blame: 'source',
    retry: 'later',
  },
  'image-refused': {
    message: 'AWS refused to register the AMI.',
    remedy: 'Read the text of AWS below.',
    blame: 'aws',
    retry: 'later',
  },
  'image-not-shareable': {
    message: "The AMI is encrypted with AWS's own key for EBS, and AWS shares no such AMI with another account.",
    remedy:
      'Encrypt with a key of your own: set it for the AWS target. AMIs of later runs can be shared then, after each disk was copied whole once.',
    blame: 'you',
    retry: 'never',
  },
  'image-copy-failed': {
    message: 'AWS did not copy the AMI.',
    remedy:
      'Read the text of AWS below. A key that cannot be used there is the usual cause; the AMI itself is not touched. Then try again on the page of the AMI.',
    blame: 'aws',
    retry: 'later',
  },
  'launch-refused': {
    message: 'AWS refused to launch the instance.',
    remedy: 'Read the text of AWS below and change the launch settings.',
    blame: 'you',
    retry: 'never',
  },
  'license-not-allowed': {
    message: 'This licence cannot be used for this guest system.',
    remedy: 'Linux takes BYOL only; Windows Server takes AWS, BYOL or Auto; Windows clients take BYOL.',
    blame: 'you',
    retry: 'never',
  },
  'not-signed-in': {
    message: 'You are not signed in.',
    remedy: 'Sign in and try again.',
    blame: 'you',
    retry: 'never',
  },
  'access-key-refused': {
    message: 'The access key or the signature is not right.',
    remedy: 'Check the key and its secret, and that the key was not revoked. A new one is made on the profile.',
    blame: 'you',
    retry: 'never',
  },
  'access-key-expired': {
    message: 'The access key has expired.',
    remedy: 'Create another one on your profile and give it to the program.',
    blame: 'you',
    retry: 'never',
  },
  'clock-off': {
    message: 'The clock of the machine that signed the request is off by more than five minutes.',
    remedy: 'Set the clock there, with NTP say, and sign the request again.',
    blame: 'you',
    retry: 'never',
  },
  'access-key-not-here': {
    message: 'This cannot be done with an access key.',
    remedy: 'Sign in to the console with a browser and do it there.',
    blame: 'you',
    retry: 'never',
  },
  'access-keys-many': {
    message: 'You have as many access keys as a member may have.',
    remedy: 'Revoke one that is not used any more.',
    blame: 'you',
    retry: 'never',
  },
  'code-wrong': {
    message: 'The code is not right.',
    remedy: 'Type the code that the app shows now. Each counts once: after a refusal wait for the next one.',
    blame: 'you',
    retry: 'never',
  },
  'second-step-missing': {
    message: 'This workspace asks for a second step at sign-in, and you have none.',
    remedy: 'Set it up on the page that the console leads to.',
    blame: 'you',
    retry: 'never',
  },
  'workspace-changed': {
    message: 'Another workspace was opened in another tab or window.',
    remedy: 'Nothing was done. Open the workspace of this page again, or go to the other one.',
    blame: 'you',
    retry: 'later',
  },
  'password-wrong': {
    message: 'The password is wrong.',
    remedy: 'Type it again. An administrator of your workspace can make a link with which you set a new one.',
    blame: 'you',
    retry: 'never',
  },
  'password-weak': {
    message: 'This password is too easy to guess.',
    remedy: 'Choose another one.',
    blame: 'you',
    retry: 'never',
  },
  'too-many-attempts': {
    message: 'There were too many attempts.',
    remedy: 'Wait as long as the message says, then try again.',
    blame: 'you',
    retry: 'later',
  },
  'link-dead': {
    message: 'This link is no longer good.',
    remedy: 'Ask whoever sent it for a new one.',
    blame: 'you',
    retry: 'never',
  },
  'provider-first': {
    message: 'This console is entered by single sign-on only, and you have not come by it yet.',
    remedy:
      'Sign in with the provider first, then open this link again. If it lets you in nowhere, an administrator has to give one of your groups a role.',
    blame: 'you',
    retry: 'later',
  },
  'permission-denied': {
    message: 'Your role does not allow this.',
    remedy: 'Ask an administrator of the workspace.',
    blame: 'you',
    retry: 'never',
  },
  'input-invalid': {
    message: 'The input is not valid.',
    remedy: 'Correct the fields that are named.',
    blame: 'you',
    retry: 'never',
  },
  'not-found': {
    message: 'There is no such thing in this workspace.',
    remedy: 'It may have been deleted; look at the list.',
    blame: 'you',
    retry: 'never',
  },
  conflict: {
    message: 'This cannot be done in the present state.',
    remedy: 'Look at the present state and try again.',
    blame: 'you',
    retry: 'later',
  },
  'lease-lost': {
    message: 'Somebody else goes on with this work.',
    remedy: 'Nothing to do.',
    blame: 'us',
    retry: 'never',
  },
  cancelled: {
    message: 'The run was cancelled.',
    remedy: 'Start a new run when you are ready.',
    blame: 'you',
    retry: 'never',
  },
  'being-changed': {
    message: 'Somebody else is changing this at the moment.',
    remedy: 'Try again in a moment. Nothing was changed.',
    blame: 'us',
    retry: 'now',
  },
  'console-database-away': {
    message: "The console's database does not answer, or cannot be written to.",
    remedy:
      'Nothing to do while it is being restarted: what goes on waits for it. If this lasts, look at PostgreSQL: whether it runs, its disk, its number of connections.',
    blame: 'us',
    retry: 'now',
  },
  internal: {
    message: 'Landfall failed in a way it does not know.',
    remedy: 'Try again. If it fails again, report it with the text below.',
    blame: 'us',
    retry: 'later',
  },
} as const satisfies Record<string, FaultKind>;

export type FaultCode = keyof typeof FAULT_KINDS;
