"""The storage is set up once, is private, and is tidied of uploads that broke off."""

import json
import secrets
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal import bucket, storage
from portal.periodic import abort_old_uploads

on_disk = pytest.mark.disk
with_s3 = pytest.mark.s3


@on_disk
def test_the_folder_is_made_and_private(tmp_path, capsys):
    (tmp_path / "storage").mkdir(mode=0o755)
    for _ in range(2):
        call_command("setup_storage")
        assert "Nothing else is needed" in capsys.readouterr().out
    assert (tmp_path / "storage").stat().st_mode & 0o777 == 0o700


@on_disk
def test_a_folder_has_no_uploads_to_abort():
    assert storage.abort_old_uploads(timezone.now()) == 0


@pytest.fixture
def s3():
    return default_storage.bucket.meta.client


@pytest.fixture
def name(s3):
    """The name of a bucket that is not there yet."""
    name = f"test-{secrets.token_hex(6)}"
    yield name
    if name in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
        s3.delete_bucket(Bucket=name)


def set_up(s3, name):
    return list(bucket.set_up(s3, name, "us-east-1"))


@with_s3
def test_a_bucket_is_made_and_nothing_is_done_twice(s3, name):
    assert set_up(s3, name) == [
        f"The bucket {name} was made.",
        "The bucket is closed to strangers.",
        "The rule that aborts uploads which broke off, after a day, was set.",
    ]
    assert set_up(s3, name) == [
        f"The bucket {name} is there.",
        "The bucket is closed to strangers.",
        "The rule that aborts uploads which broke off is there.",
    ]


@with_s3
def test_rules_that_are_there_are_kept(s3, name):
    s3.create_bucket(Bucket=name)
    theirs = {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 30},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [theirs]})
    set_up(s3, name)
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert [rule["ID"] for rule in rules] == ["theirs", bucket.RULE]
    assert rules[0]["Expiration"] == {"Days": 30}


@with_s3
def test_a_bucket_that_lets_strangers_in_is_refused(s3, name):
    s3.create_bucket(Bucket=name)
    s3.put_bucket_acl(Bucket=name, ACL="public-read")
    with pytest.raises(bucket.NotUsable, match=r"The access list .* lets strangers in"):
        set_up(s3, name)
    s3.put_bucket_acl(Bucket=name, ACL="private")
    set_up(s3, name)
    anybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    s3.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    )
    with pytest.raises(bucket.NotUsable, match=r"The policy .* lets strangers in"):
        set_up(s3, name)
    s3.delete_bucket_policy(Bucket=name)


@with_s3
def test_the_command_sets_up_the_bucket_of_the_settings(capsys):
    call_command("setup_storage")
    assert "The bucket is closed to strangers." in capsys.readouterr().out


@with_s3
def test_only_uploads_older_than_a_day_are_aborted(s3, name, settings):
    # A bucket of its own: other tests are uploading in the common one.
    s3.create_bucket(Bucket=name)
    default = settings.STORAGES["default"]
    own = {**default, "OPTIONS": {**default["OPTIONS"], "bucket_name": name}}
    settings.STORAGES = {**settings.STORAGES, "default": own}
    begun = {"Bucket": name, "Key": "attachments/0123"}
    upload = s3.create_multipart_upload(**begun)["UploadId"]

    def is_open():
        uploads = s3.list_multipart_uploads(Bucket=begun["Bucket"]).get("Uploads", [])
        return upload in [one["UploadId"] for one in uploads]

    now = timezone.now()
    abort_old_uploads()
    storage.abort_old_uploads(now + timedelta(hours=23))
    assert is_open()
    assert storage.abort_old_uploads(now + timedelta(hours=25)) >= 1
    assert not is_open()


def test_a_server_that_is_away_is_a_sentence(settings, monkeypatch):
    options = {"bucket_name": "cases", "endpoint_url": "http://127.0.0.1:9", "region_name": "x"}
    options |= {"access_key": "k", "secret_key": "s"}
    there = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": there}
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(CommandError, match=r"The storage could not be set up: .* did not answer"):
        call_command("setup_storage")
    abort_old_uploads()
