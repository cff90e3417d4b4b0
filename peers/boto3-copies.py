"""AMIs shared with another account and copied to another Region, by boto3. Arguments: endpoint, Region of the copy, another
account's number, key id and secret. Prints one JSON object."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, elsewhere, account, key_id, secret = sys.argv[1:]
config = Config(retries={"total_max_attempts": 1})
ebs = boto3.client("ebs", endpoint_url=endpoint, config=config)
ec2 = boto3.client("ec2", endpoint_url=endpoint, config=config)
there = boto3.client("ec2", endpoint_url=endpoint, config=config, region_name=elsewhere)
theirs = boto3.client(
    "ec2", endpoint_url=endpoint, config=config, aws_access_key_id=key_id, aws_secret_access_key=secret
)
region = ec2.meta.region_name


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def image_of(name, **encryption):
    snapshot = ebs.start_snapshot(VolumeSize=1, **encryption)["SnapshotId"]
    ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=0)
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig={"Delay": 1})
    mapping = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}
    made = ec2.register_image(
        Name=name,
        Architecture="x86_64",
        VirtualizationType="hvm",
        RootDeviceName="/dev/sda1",
        BlockDeviceMappings=[mapping],
    )
    return made["ImageId"], snapshot


def available(client, image):
    client.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 1})
    return client.describe_images(ImageIds=[image])["Images"][0]


image, snapshot = image_of("plain")
source = {"SourceImageId": image, "SourceRegion": region}
tags = [{"ResourceType": kind, "Tags": [{"Key": "of", "Value": kind}]} for kind in ("image", "snapshot")]
copied = there.copy_image(Name="copy", ClientToken="once", TagSpecifications=tags, **source)["ImageId"]
copy = available(there, copied)
answers = {
    "again": there.copy_image(Name="copy", ClientToken="once", TagSpecifications=tags, **source)["ImageId"] == copied,
    "copy": [copy["State"], copy["SourceImageId"] == image, copy["SourceImageRegion"] == region],
    "tags": copy["Tags"],
    "snapshots": len(there.describe_snapshots(Filters=[{"Name": "tag:of", "Values": ["snapshot"]}])["Snapshots"]),
    "not shared": code_of(theirs.copy_image, Name="theirs", **source),
}
ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": account}]})
answers["launch permission"] = ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")[
    "LaunchPermissions"
] == [{"UserId": account}]
answers["storage not shared"] = code_of(theirs.copy_image, Name="theirs", **source)
ec2.modify_snapshot_attribute(
    SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[account]
)
answers["theirs"] = available(theirs, theirs.copy_image(Name="theirs", **source)["ImageId"])["State"]
secured, secured_snapshot = image_of("secured", Encrypted=True)
add = {"Add": [{"UserId": account}]}
answers["default key"] = [
    code_of(ec2.modify_image_attribute, ImageId=secured, LaunchPermission=add),
    code_of(ec2.modify_snapshot_attribute, SnapshotId=secured_snapshot, CreateVolumePermission=add),
]
print(json.dumps(answers))
