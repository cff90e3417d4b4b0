// AMIs beside the target: shared with other accounts, and copied out of another Region or account. Made by open-target.ts.
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { clientToken, description, tagged } from './ec2-names.ts';
import type { ImageCopies } from './target.ts';

export function createImageCopies(clients: AwsClients): ImageCopies {
  return {
    async share(imageId, account, signal) {
      const Add = [{ UserId: account }];
      const answer = await clients.ec2('ec2:DescribeImages', signal, (ec2, http) =>
        ec2.describeImages({ Owners: ['self'], Filters: [{ Name: 'image-id', Values: [imageId] }] }, http),
      );
      const [image] = answer.Images ?? [];
      if (!image) throw faultError('not-found', { message: `AWS knows no AMI ${imageId} of the target's account.` });
      // The image first: whoever asks which accounts may use a snapshot finds none that may not use the image.
      await clients.ec2('ec2:ModifyImageAttribute', signal, (ec2, http) =>
        ec2.modifyImageAttribute({ ImageId: imageId, LaunchPermission: { Add } }, http),
      );
      // Without these the account can launch the AMI but not copy it.
      for (const { Ebs } of image.BlockDeviceMappings ?? []) {
        const SnapshotId = Ebs?.SnapshotId;
        if (!SnapshotId) continue;
        await clients.ec2('ec2:ModifySnapshotAttribute', signal, (ec2, http) =>
          ec2.modifySnapshotAttribute(
            { SnapshotId, Attribute: 'createVolumePermission', CreateVolumePermission: { Add } },
            http,
          ),
        );
      }
    },

    async copy(input, signal) {
      const { from, encryption, token } = input;
      const answer = await clients.ec2(
        'ec2:CopyImage',
        signal,
        (ec2, http) =>
          ec2.copyImage(
            {
              Name: input.name,
              Description: description(input.description),
              SourceImageId: from.imageId,
              SourceRegion: from.region,
              ...(encryption && {
                Encrypted: true,
                ...(encryption.kmsKeyArn && { KmsKeyId: encryption.kmsKeyArn }),
              }),
              ClientToken: clientToken(token),
              ...tagged(['image', 'snapshot'], input.tags),
            },
            http,
          ),
        { refused: 'image-copy-failed' },
      );
      if (!answer.ImageId) throw faultError('image-copy-failed', { cause: 'AWS gave no image id.' });
      return answer.ImageId;
    },

    async find(tags, signal) {
      const Filters = Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
      if (Filters.length === 0) throw faultError('internal', { message: 'Copies are looked for by tags only.' });
      const answer = await clients.ec2('ec2:DescribeImages', signal, (ec2, http) =>
        ec2.describeImages({ Owners: ['self'], Filters }, http),
      );
      return (answer.Images ?? []).flatMap(({ ImageId }) => ImageId ?? []);
    },
  };
}
