"""A bucket as the portal wants it: there, closed to the public, and tidying up after itself.

Nothing here is done by a running portal; `manage.py setup_storage` asks for it.
"""

import json

from botocore.exceptions import ClientError

RULE = "guidepost: abort uploads that broke off"
EVERYBODY = {
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
}
# What servers answer to a question they do not know, or that the key may not ask.
UNKNOWN = {"NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "InvalidArgument"}
FORBIDDEN = {"AccessDenied", "AllAccessDisabled", "Forbidden", "403"}


class NotUsable(Exception):
    """The bucket cannot be used as it is; the text is a sentence."""


def set_up(client, name, region):
    """Have the bucket as the portal wants it; yields a sentence for each thing done or found.

    `client` is boto3's S3 client. Raises NotUsable, and ClientError for other refusals.
    """
    yield _made(client, name, region)
    yield _checked_for_the_public(client, name)
    yield _tidied(client, name)


def _made(client, name, region):
    try:
        client.head_bucket(Bucket=name)
    except ClientError as refusal:
        if _status(refusal) != 404:
            raise NotUsable(
                f"The server does not let this access key use the bucket {name} "
                f"({_status(refusal)}). Nothing was changed. Please check S3_BUCKET and the key."
            ) from refusal
    else:
        return f"The bucket {name} is there."
    # The oldest region is the one that must not be named.
    place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        client.create_bucket(Bucket=name, **(place if region not in ("", "us-east-1") else {}))
    except ClientError as refusal:
        raise NotUsable(
            f"The bucket {name} is not there, and this access key may not make it "
            f"({_code(refusal)}). Please have it made, private, and start again."
        ) from refusal
    return f"The bucket {name} was made."


def _checked_for_the_public(client, name):
    is_open = [_policy_is_open(client, name), _acl_is_open(client, name)]
    if True in is_open:
        what = "policy" if is_open[0] else "access list"
        raise NotUsable(
            f"The {what} of the bucket {name} lets strangers in. Patients' files must not be put "
            "there, so nothing more was done. Please make the bucket private and start again."
        )
    if None in is_open:
        return (
            "Whether strangers can read the bucket could not be seen with this access key. "
            "Please make sure that it is private."
        )
    return "The bucket is closed to strangers."


def _policy_is_open(client, name):
    """True, False, or None when it cannot be seen."""
    try:
        policy = json.loads(client.get_bucket_policy(Bucket=name)["Policy"])
    except ClientError as refusal:
        return _unseen(refusal)
    statements = policy.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    return any(
        one.get("Effect") == "Allow"
        and _is_everybody(one.get("Principal"))
        # A condition, such as a network, may well keep strangers out.
        and not one.get("Condition")
        for one in statements
    )


def _is_everybody(principal):
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return "*" in (named if isinstance(named, list) else [named])


def _acl_is_open(client, name):
    try:
        grants = client.get_bucket_acl(Bucket=name)["Grants"]
    except ClientError as refusal:
        return _unseen(refusal)
    return any(grant["Grantee"].get("URI") in EVERYBODY for grant in grants)


def _unseen(refusal):
    """False where there is no rule at all, None where it cannot be seen."""
    if _status(refusal) == 404:
        return False
    if _is_unknown(refusal) or _code(refusal) in FORBIDDEN:
        return None
    raise refusal


def _tidied(client, name):
    """Have the server abort uploads that broke off, and keep the rules that are there."""
    rule = {
        "ID": RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    try:
        rules = _rules(client, name)
        if rule in rules:
            return "The rule that aborts uploads which broke off is there."
        rules = [one for one in rules if one.get("ID") != RULE] + [rule]
        client.put_bucket_lifecycle_configuration(
            Bucket=name, LifecycleConfiguration={"Rules": rules}
        )
        kept = _rules(client, name)
    except ClientError as refusal:
        if not _is_unknown(refusal) and _code(refusal) not in FORBIDDEN:
            raise
        kept = []
    if any("AbortIncompleteMultipartUpload" in one for one in kept if one.get("ID") == RULE):
        return "The rule that aborts uploads which broke off, after a day, was set."
    return (
        "The server does not take a rule that aborts uploads which broke off. The portal does it "
        "by itself, once an hour."
    )


def _rules(client, name):
    try:
        return client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    except ClientError as refusal:
        if _status(refusal) == 404:
            return []
        raise


def _is_unknown(refusal):
    return _code(refusal) in UNKNOWN or _status(refusal) in (405, 501)


def _status(refusal):
    return refusal.response["ResponseMetadata"]["HTTPStatusCode"]


def _code(refusal):
    return refusal.response.get("Error", {}).get("Code", "")
