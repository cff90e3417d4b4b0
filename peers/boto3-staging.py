"""S3 by boto3, with the checksums that botocore computes itself. Arguments: endpoint, bucket. Prints one JSON object."""

import base64
import hashlib
import json
import os
import sys
import zlib

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, bucket = sys.argv[1:]
MiB = 1024 * 1024
parts = [os.urandom(5 * MiB), os.urandom(5 * MiB), os.urandom(700_000)]
whole = b"".join(parts)
# One try each: what is refused must not be asked again.
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}))
answers = {}


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def multipart(algorithm, kind):
    key = f"landfall/multipart-{algorithm}-{kind}"
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    place = {"Bucket": bucket, "Key": key, "UploadId": upload["UploadId"]}
    field = f"Checksum{algorithm}"
    done = []
    for number, body in enumerate(parts, 1):
        sent = s3.upload_part(**place, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm)
        done.append({"PartNumber": number, "ETag": sent["ETag"], field: sent[field]})
    # The checksum of another part, and a part that was never sent.
    swapped = [done[0], {**done[1], field: done[0][field]}, done[2]]
    refused = code_of(s3.complete_multipart_upload, **place, ChecksumType=kind, MultipartUpload={"Parts": swapped})
    missing = [*done[:2], {**done[2], "PartNumber": 9}]
    absent = code_of(s3.complete_multipart_upload, **place, ChecksumType=kind, MultipartUpload={"Parts": missing})
    completed = s3.complete_multipart_upload(**place, ChecksumType=kind, MultipartUpload={"Parts": done})
    # botocore checks the part's or the object's checksum while it reads, where it can.
    got = s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    listed = s3.get_object_attributes(Bucket=bucket, Key=key, ObjectAttributes=["ObjectParts", "Checksum", "ObjectSize"])
    return {
        "same": got["Body"].read() == whole,
        "refused": refused,
        "absent": absent,
        "stated": completed[field],
        "kind": listed["Checksum"]["ChecksumType"],
        "parts": listed["ObjectParts"]["TotalPartsCount"],
        "size": listed["ObjectSize"] == len(whole),
    }


for algorithm, kind in [
    ("CRC32", "COMPOSITE"),
    ("CRC32", "FULL_OBJECT"),
    ("CRC32C", "COMPOSITE"),
    ("CRC32C", "FULL_OBJECT"),
    ("CRC64NVME", "FULL_OBJECT"),
    ("SHA1", "COMPOSITE"),
    ("SHA256", "COMPOSITE"),
]:
    answers[f"{algorithm} {kind}"] = multipart(algorithm, kind)

# What a full checksum must be, computed here.
crc = base64.b64encode(zlib.crc32(whole).to_bytes(4, "big")).decode()
composite = base64.b64encode(hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()).decode()
answers["expected"] = {"CRC32 FULL_OBJECT": crc, "SHA256 COMPOSITE": f"{composite}-3"}

simple = {}
for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
    # As a stream it goes out in chunks with the checksum in a trailer.
    s3.put_object(Bucket=bucket, Key="landfall/simple", Body=parts[2], ChecksumAlgorithm=algorithm)
    simple[algorithm] = s3.get_object(Bucket=bucket, Key="landfall/simple", ChecksumMode="ENABLED")["Body"].read() == parts[2]
answers["simple"] = simple

wrong = {
    "CRC32": "AAAAAA==",
    "CRC32C": "AAAAAA==",
    "CRC64NVME": "AAAAAAAAAAA=",
    "SHA1": base64.b64encode(bytes(20)).decode(),
    "SHA256": base64.b64encode(bytes(32)).decode(),
}
answers["wrong"] = {
    algorithm: code_of(s3.put_object, Bucket=bucket, Key="landfall/wrong", Body=b"x", **{f"Checksum{algorithm}": value})
    for algorithm, value in wrong.items()
}
answers["wrong stored"] = code_of(s3.head_object, Bucket=bucket, Key="landfall/wrong")
answers["ranges"] = [
    s3.get_object(Bucket=bucket, Key="landfall/simple", Range=span)["Body"].read() == part
    for span, part in [("bytes=0-9", parts[2][:10]), ("bytes=-7", parts[2][-7:]), ("bytes=699990-", parts[2][699990:])]
]
answers["beyond"] = code_of(s3.get_object, Bucket=bucket, Key="landfall/simple", Range="bytes=700000-")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="landfall/", PaginationConfig={"PageSize": 3})
answers["listed"] = [item["Key"] for page in pages for item in page.get("Contents", [])]
answers["uploads"] = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in answers["listed"]]})
answers["left"] = s3.list_objects_v2(Bucket=bucket)["KeyCount"]
print(json.dumps(answers))
