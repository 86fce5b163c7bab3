"""IAM files for servers with `--auth iam`."""

import json

from .clients import REGION, Keys

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "neptune-db:*", "Resource": "*"}]}


def principal(name, *policies, secret=None, token=None, expiration=None, tags=None):
    """A user with one access key: its id is the name in capitals, its secret the name unless one is given."""
    key = {"accessKeyId": name.upper(), "secretAccessKey": secret or f"secret of {name}", "sessionToken": token, "expiration": expiration}
    return {
        "arn": f"arn:aws:iam::000000000000:user/{name}",
        "accessKeys": [{member: value for member, value in key.items() if value is not None}],
        "tags": tags or {}, "policies": list(policies),
    }


def allow(*actions, effect="Allow", **conditions):
    """A policy of one statement."""
    statement = {"Effect": effect, "Action": [f"neptune-db:{action}" for action in actions], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": conditions} if conditions else {})]}


def keys(made):
    """The first access key of a principal, as clients take it."""
    key = made["accessKeys"][0]
    return Keys(key["accessKeyId"], key["secretAccessKey"], key.get("sessionToken"))


def denial(made, action):
    """The text of an action that a principal may not do."""
    resource = f"arn:aws:neptune-db:{REGION}:000000000000:cluster-LOCAL/*"
    return f"User: {made['arn']} is not authorized to perform: neptune-db:{action} on resource: {resource}"


def write(path, *principals):
    """Writes an IAM file that only its owner can read, in one step, and returns the flags of a server with it."""
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps({"principals": principals}))
    new.replace(path)
    return "--auth", "iam", "--iam-config", path
