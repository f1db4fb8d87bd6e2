# /// script
# requires-python = ">=3.11"
# dependencies = ["boto3>=1.40"]
# ///
"""Snapshots of the RDS instance, restores into a new one, and the way to switch over.

    uv run deploy/rds.py snapshot panelens
    uv run deploy/rds.py list panelens
    uv run deploy/rds.py restore-snapshot panelens panelens-2 --snapshot NAME
    uv run deploy/rds.py restore-time panelens panelens-2 [--at 2026-11-25T03:00:00Z]
    uv run deploy/rds.py switch panelens panelens-2

Run on the operator's machine, with the operator's rights: the instance has none over RDS. A
restore never touches the database that is there. RDS gives a restored instance the default
security group and parameters, so those of the old one are named explicitly; of an old one that is
gone, those that Terraform named after it.
"""

import argparse
import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

REGION = "ap-northeast-2"  # terraform's default
LOOK_SECONDS = 10
LOOKS = 90

Client = Callable[[str], Any]


def main(given: list[str] | None = None, client: Client | None = None) -> int:
    """Do one of the acts and print what came of it."""
    arguments = _arguments(given)
    try:
        for line in _ACTS[arguments.act](client or _client_in(arguments.region), arguments):
            print(line, flush=True)
    except (BotoCoreError, ClientError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _client_in(region: str | None) -> Client:
    session = boto3.Session()
    return lambda service: session.client(
        service, region_name=region or session.region_name or REGION
    )


def snapshot(client: Client, arguments: argparse.Namespace) -> Iterator[str]:
    """Take a manual snapshot: kept until somebody deletes it, also after the instance is gone."""
    rds = client("rds")
    name = f"{arguments.instance}-{_now():%Y%m%d-%H%M%S}"
    rds.create_db_snapshot(DBInstanceIdentifier=arguments.instance, DBSnapshotIdentifier=name)
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=name)
    yield name


def listed(client: Client, arguments: argparse.Namespace) -> Iterator[str]:
    """All snapshots, oldest first, and how far a restore to a time reaches."""
    rds = client("rds")
    found = rds.describe_db_snapshots(DBInstanceIdentifier=arguments.instance)["DBSnapshots"]
    # One that is still being made has no time yet.
    for one in sorted(found, key=lambda snapshot: snapshot.get("SnapshotCreateTime") or _now()):
        when = _told(one.get("SnapshotCreateTime"))
        yield f"{when}  {one['SnapshotType']:<9}  {one['DBSnapshotIdentifier']}  {one['Status']}"
    latest = (_found(rds, arguments.instance) or {}).get("LatestRestorableTime")
    yield f"restorable up to {_told(latest)}" if latest else "not restorable to a time"


def restore_snapshot(client: Client, arguments: argparse.Namespace) -> Iterator[str]:
    """A new instance with what a snapshot holds; the old one may be gone."""
    rds = client("rds")
    old = _found(rds, arguments.instance)
    names = {"DBInstanceIdentifier": arguments.new, "DBSnapshotIdentifier": arguments.snapshot}
    what = {**names, **(_walls(old) if old else _walls_by_name(client, arguments)), **_KEPT}
    restore = rds.restore_db_instance_from_db_snapshot
    yield from _restored(rds, arguments.new, old, lambda: restore(**what))


def restore_time(client: Client, arguments: argparse.Namespace) -> Iterator[str]:
    """A new instance as the old one was at a moment; at the latest possible one by default."""
    rds = client("rds")
    old = _instance(rds, arguments.instance)
    moment = {"RestoreTime": arguments.at} if arguments.at else {"UseLatestRestorableTime": True}
    names = {
        "SourceDBInstanceIdentifier": arguments.instance,
        "TargetDBInstanceIdentifier": arguments.new,
    }
    what = {**names, **moment, **_walls(old), **_KEPT}
    restore = rds.restore_db_instance_to_point_in_time
    yield from _restored(rds, arguments.new, old, lambda: restore(**what))


def switch(client: Client, arguments: argparse.Namespace) -> Iterator[str]:
    """Give the new instance the old one's name, so that its address stays; the old one is kept.

    Run again after it was cut off, it goes on where it was.
    """
    rds = client("rds")
    found = _found(rds, arguments.new)
    if not found:
        # Renamed by a run that was cut off, or mistyped: either way the old name stays where it is.
        yield f"There is no {arguments.new}: nothing is renamed. Waiting for {arguments.instance}."
        new = _wait(rds, arguments.instance)
        yield f"If {arguments.instance} was {arguments.new} until now, this is left to do."
        yield from _what_is_left(rds, arguments.instance, _secret(new))
        return
    secret = _secret(found)
    if _found(rds, arguments.instance):
        kept = f"{arguments.instance}-before-{_now():%Y%m%d-%H%M%S}"
        _rename(rds, arguments.instance, kept)
        yield f"What was {arguments.instance} is kept as {kept}."
    _rename(rds, arguments.new, arguments.instance)
    yield f"{arguments.instance} is now what was {arguments.new}."
    yield from _what_is_left(rds, arguments.instance, secret)


def _what_is_left(rds: Any, instance: str, secret: str) -> Iterator[str]:
    """What the operator does once the new instance has the old one's name."""
    yield "First Terraform, which knows an instance by its resource id; it also lets the machine"
    yield "read the new administrator's password:"
    terraform = "  terraform -chdir=deploy/terraform"
    yield f"{terraform} state rm aws_db_instance.main"
    yield f"{terraform} import aws_db_instance.main {instance}"
    yield f"{terraform} apply"
    yield "Then on the machine:"
    yield f"  sudo panelens-database {secret}"
    yield "  sudo systemctl restart panelens"
    every = [one["DBInstanceIdentifier"] for one in rds.describe_db_instances()["DBInstances"]]
    for kept in (name for name in every if name.startswith(f"{instance}-before-")):
        yield f"{kept} goes on running and is paid for. Once nobody wants it back:"
        aws, named = "  aws rds", f"--db-instance-identifier {kept}"
        yield f"{aws} modify-db-instance {named} --no-deletion-protection --apply-immediately"
        yield f"{aws} delete-db-instance {named} --final-db-snapshot-identifier {kept}"


# What a restored instance is from its first moment on.
_KEPT = {"PubliclyAccessible": False, "DeletionProtection": True, "CopyTagsToSnapshot": True}


def _walls(old: dict[str, Any]) -> dict[str, Any]:
    """What a restore would otherwise take the default of."""
    return {
        "VpcSecurityGroupIds": [g["VpcSecurityGroupId"] for g in old["VpcSecurityGroups"]],
        "DBSubnetGroupName": old["DBSubnetGroup"]["DBSubnetGroupName"],
        "DBParameterGroupName": old["DBParameterGroups"][0]["DBParameterGroupName"],
        "DBInstanceClass": old["DBInstanceClass"],
    }


def _walls_by_name(client: Client, arguments: argparse.Namespace) -> dict[str, Any]:
    """The same when the instance is gone: what deploy/terraform named after it."""
    name = arguments.instance
    (kept,) = client("rds").describe_db_snapshots(DBSnapshotIdentifier=arguments.snapshot)[
        "DBSnapshots"
    ]
    wanted = [{"Name": "group-name", "Values": [f"{name}-database"]}]
    groups = client("ec2").describe_security_groups(Filters=wanted)["SecurityGroups"]
    if len(groups) != 1:
        raise SystemExit(f"There must be one security group {name}-database: {len(groups)} found")
    return {
        "VpcSecurityGroupIds": [groups[0]["GroupId"]],
        "DBSubnetGroupName": name,
        "DBParameterGroupName": f"{name}-pg{kept['EngineVersion'].split('.')[0]}",
    }


def _restored(
    rds: Any, new: str, old: dict[str, Any] | None, restore: Callable[[], object]
) -> Iterator[str]:
    """Restore, unless a run that was cut off did, and complete what RDS leaves out.

    A restored instance keeps the old password until it gets a secret of its own.
    """
    there = _found(rds, new)
    if there and "MasterUserSecret" not in there:
        yield f"{new} is left of a restore that was cut off: this finishes that one."
    else:
        restore()  # RDS refuses a name that is taken
    there = _wait(rds, new)
    rds.modify_db_instance(
        DBInstanceIdentifier=new,
        ManageMasterUserPassword=True,
        BackupRetentionPeriod=max(1, (old or there)["BackupRetentionPeriod"]),
        ApplyImmediately=True,
    )
    there = _wait(rds, new)
    yield f"{new} is there: {there['Endpoint']['Address']}"


def _secret(instance: dict[str, Any]) -> str:
    """Where its password is. Without one, Terraform could import the instance but not go on."""
    if "MasterUserSecret" not in instance:
        name = instance["DBInstanceIdentifier"]
        raise SystemExit(f"{name} has no password of its own yet: run its restore again.")
    arn: str = instance["MasterUserSecret"]["SecretArn"]
    return arn


def _rename(rds: Any, old: str, new: str) -> None:
    rds.modify_db_instance(
        DBInstanceIdentifier=old, NewDBInstanceIdentifier=new, ApplyImmediately=True
    )
    _wait(rds, new)


def _wait(rds: Any, instance: str) -> dict[str, Any]:
    """The instance once it is available. A renamed one is unknown for the first minutes."""
    for _ in range(LOOKS):
        if _found(rds, instance):
            break
        time.sleep(LOOK_SECONDS)
    rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier=instance)
    return _instance(rds, instance)


def _found(rds: Any, name: str) -> dict[str, Any] | None:
    try:
        return _instance(rds, name)
    except rds.exceptions.DBInstanceNotFoundFault:
        return None


def _instance(rds: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _told(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else f"{'-':<23}"


_ACTS = {
    "snapshot": snapshot,
    "list": listed,
    "restore-snapshot": restore_snapshot,
    "restore-time": restore_time,
    "switch": switch,
}


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--region", help=f"your AWS settings' region, else {REGION}")
    acts = parser.add_subparsers(dest="act", required=True)
    for name in _ACTS:
        act = acts.add_parser(name, help=(_ACTS[name].__doc__ or "").split(":")[0])
        act.add_argument("instance", help="name of the RDS instance")
        if name in ("restore-snapshot", "restore-time", "switch"):
            act.add_argument("new", help="name of the new one")
        if name == "restore-snapshot":
            act.add_argument("--snapshot", required=True)
        if name == "restore-time":
            act.add_argument("--at", type=dt.datetime.fromisoformat, help="UTC if it names no zone")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
