"""EBS direct by boto3: a snapshot and its child. Arguments: endpoint. Prints one JSON object."""

import base64
import hashlib
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

(endpoint,) = sys.argv[1:]
config = Config(retries={"total_max_attempts": 1})
ebs = boto3.client("ebs", endpoint_url=endpoint, config=config)
ec2 = boto3.client("ec2", endpoint_url=endpoint, config=config)
BLOCK = 512 * 1024


def block(seed):
    return hashlib.sha256(str(seed).encode()).digest() * (BLOCK // 32)


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def put(snapshot, index, data, **changes):
    arguments = {
        "SnapshotId": snapshot,
        "BlockIndex": index,
        "BlockData": data,
        "DataLength": len(data),
        "Checksum": sha256(data),
        "ChecksumAlgorithm": "SHA256",
    }
    return ebs.put_snapshot_block(**{**arguments, **changes})


def code_of(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response.get("Reason")]
    return None


def complete(snapshot, written):
    digests = b"".join(hashlib.sha256(data).digest() for _, data in sorted(written.items()))
    ebs.complete_snapshot(
        SnapshotId=snapshot,
        ChangedBlocksCount=len(written),
        Checksum=base64.b64encode(hashlib.sha256(digests).digest()).decode(),
        ChecksumAlgorithm="SHA256",
        ChecksumAggregationMethod="LINEAR",
    )
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def listed(snapshot):
    found, token = [], None
    while True:
        page = ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100, **({"NextToken": token} if token else {}))
        found += page["Blocks"]
        token = page.get("NextToken")
        if not token:
            return found


def read(snapshot, entry):
    got = ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=entry["BlockIndex"], BlockToken=entry["BlockToken"])
    data = got["BlockData"].read()
    return data if sha256(data) == got["Checksum"] and len(data) == got["DataLength"] else None


answers = {}
first = ebs.start_snapshot(VolumeSize=1, Description="by boto3", ClientToken="first")
base = first["SnapshotId"]
answers["started"] = [first["Status"], first["BlockSize"], first["VolumeSize"]]
answers["started again"] = ebs.start_snapshot(VolumeSize=1, Description="by boto3", ClientToken="first")["SnapshotId"] == base
whole = {index: block(index) for index in [0, 1, 7, 2047]}
answers["echo"] = all(put(base, index, data)["Checksum"] == sha256(data) for index, data in whole.items())
answers["wrong checksum"] = code_of(put, base, 3, block(3), Checksum=sha256(b"other"))
answers["short block"] = code_of(put, base, 3, b"too short")
answers["beyond the end"] = code_of(put, base, 2048, block(3))
answers["unknown"] = code_of(put, "snap-0123456789abcdef0", 0, block(0))
answers["read while pending"] = code_of(ebs.list_snapshot_blocks, SnapshotId=base)
answers["wrong digest"] = code_of(
    ebs.complete_snapshot,
    SnapshotId=base,
    ChangedBlocksCount=4,
    Checksum=sha256(b"other"),
    ChecksumAlgorithm="SHA256",
    ChecksumAggregationMethod="LINEAR",
)
base2 = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
for index, data in whole.items():
    put(base2, index, data)
complete(base2, whole)
answers["indexes"] = [entry["BlockIndex"] for entry in listed(base2)]
answers["same"] = all(read(base2, entry) == whole[entry["BlockIndex"]] for entry in listed(base2))
answers["written afterwards"] = code_of(put, base2, 3, block(3))

changed = {1: block("changed"), 500: block("new")}
child = ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=base2)["SnapshotId"]
for index, data in changed.items():
    put(child, index, data)
complete(child, changed)
together = {**whole, **changed}
answers["child indexes"] = [entry["BlockIndex"] for entry in listed(child)]
answers["child same"] = all(read(child, entry) == together[entry["BlockIndex"]] for entry in listed(child))
difference = ebs.list_changed_blocks(FirstSnapshotId=base2, SecondSnapshotId=child)["ChangedBlocks"]
answers["changed"] = [entry["BlockIndex"] for entry in difference]
print(json.dumps(answers))
