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
security group and parameters, so those of the old one are named explicitly.
"""

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from typing import Any

import boto3


def main(given: list[str] | None = None, rds: Any = None) -> int:
    """Do one of the acts and print what came of it."""
    arguments = _arguments(given)
    rds = rds or boto3.client("rds", region_name=arguments.region)
    for line in _ACTS[arguments.act](rds, arguments):
        print(line)
    return 0


def snapshot(rds: Any, arguments: argparse.Namespace) -> Iterator[str]:
    """Take a manual snapshot: kept until somebody deletes it, also after the instance is gone."""
    name = f"{arguments.instance}-{_now():%Y%m%d-%H%M%S}"
    rds.create_db_snapshot(DBInstanceIdentifier=arguments.instance, DBSnapshotIdentifier=name)
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=name)
    yield name


def listed(rds: Any, arguments: argparse.Namespace) -> Iterator[str]:
    """All snapshots, oldest first, and how far a restore to a time reaches."""
    found = rds.describe_db_snapshots(DBInstanceIdentifier=arguments.instance)["DBSnapshots"]
    for one in sorted(found, key=lambda snapshot: snapshot["SnapshotCreateTime"]):
        when = f"{one['SnapshotCreateTime']:%Y-%m-%d %H:%M:%S}"
        yield f"{when}  {one['SnapshotType']:<9}  {one['DBSnapshotIdentifier']}  {one['Status']}"
    latest = _instance(rds, arguments.instance).get("LatestRestorableTime")
    yield f"restorable up to {latest:%Y-%m-%d %H:%M:%S}" if latest else "not restorable to a time"


def restore_snapshot(rds: Any, arguments: argparse.Namespace) -> Iterator[str]:
    """A new instance with what a snapshot holds."""
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=arguments.new,
        DBSnapshotIdentifier=arguments.snapshot,
        **_surroundings(rds, arguments.instance),
    )
    yield from _wait_and_complete(rds, arguments)


def restore_time(rds: Any, arguments: argparse.Namespace) -> Iterator[str]:
    """A new instance as the old one was at a moment; at the latest possible one by default."""
    moment = {"RestoreTime": arguments.at} if arguments.at else {"UseLatestRestorableTime": True}
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=arguments.instance,
        TargetDBInstanceIdentifier=arguments.new,
        **moment,
        **_surroundings(rds, arguments.instance),
    )
    yield from _wait_and_complete(rds, arguments)


def switch(rds: Any, arguments: argparse.Namespace) -> Iterator[str]:
    """Give the new instance the old one's name, so that its address stays; the old one is kept."""
    kept = f"{arguments.instance}-before-{_now():%Y%m%d-%H%M%S}"
    for old, new in ((arguments.instance, kept), (arguments.new, arguments.instance)):
        rds.modify_db_instance(
            DBInstanceIdentifier=old, NewDBInstanceIdentifier=new, ApplyImmediately=True
        )
        _wait(rds, new)
    yield f"{arguments.instance} is now what was {arguments.new}; what was before is {kept}."
    yield "On the instance: panelens-database, then systemctl restart panelens."
    yield "Terraform: its record is kept by the instance's resource id, so take the new one in:"
    yield "  terraform state rm aws_db_instance.main"
    yield f"  terraform import aws_db_instance.main {arguments.instance}"
    yield "  terraform apply        (also lets the instance read the new secret)"


def _surroundings(rds: Any, instance: str) -> dict[str, Any]:
    """What a restore would otherwise take the default of."""
    old = _instance(rds, instance)
    return {
        "VpcSecurityGroupIds": [g["VpcSecurityGroupId"] for g in old["VpcSecurityGroups"]],
        "DBSubnetGroupName": old["DBSubnetGroup"]["DBSubnetGroupName"],
        "DBParameterGroupName": old["DBParameterGroups"][0]["DBParameterGroupName"],
        "DBInstanceClass": old["DBInstanceClass"],
        "PubliclyAccessible": False,
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
    }


def _wait_and_complete(rds: Any, arguments: argparse.Namespace) -> Iterator[str]:
    """A restored instance keeps the old password until it gets a secret of its own."""
    _wait(rds, arguments.new)
    retention = _instance(rds, arguments.instance)["BackupRetentionPeriod"]
    rds.modify_db_instance(
        DBInstanceIdentifier=arguments.new,
        ManageMasterUserPassword=True,
        BackupRetentionPeriod=retention,
        ApplyImmediately=True,
    )
    _wait(rds, arguments.new)
    new = _instance(rds, arguments.new)
    yield f"{arguments.new} is there: {new['Endpoint']['Address']}"


def _wait(rds: Any, instance: str) -> None:
    rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier=instance)


def _instance(rds: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


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
    parser.add_argument("--region", default="ap-northeast-2")
    acts = parser.add_subparsers(dest="act", required=True)
    for name in _ACTS:
        act = acts.add_parser(name, help=(_ACTS[name].__doc__ or "").split(":")[0])
        act.add_argument("instance", help="name of the RDS instance")
        if name in ("restore-snapshot", "restore-time", "switch"):
            act.add_argument("new", help="name of the new one")
        if name == "restore-snapshot":
            act.add_argument("--snapshot", required=True)
        if name == "restore-time":
            act.add_argument("--at", type=dt.datetime.fromisoformat)
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
