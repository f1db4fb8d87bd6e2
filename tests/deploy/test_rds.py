"""The drill with RDS's own backups, against moto's RDS: restored instances keep our walls."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cloud

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "rds.py"
Drill = Callable[..., list[str]]


@pytest.fixture
def rds(cloud: Cloud) -> Any:
    return cloud.client("rds")


@pytest.fixture
def drill(rds: Any, capsys: pytest.CaptureFixture[str]) -> Drill:
    """Runs the script as the operator does; the lines it prints."""
    spec = importlib.util.spec_from_file_location("rds_script", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def run(*words: str) -> list[str]:
        assert script.main(list(words), rds) == 0
        return capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def walls(cloud: Cloud, rds: Any) -> dict[str, str]:
    """A database behind groups of its own, none of them a default."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=zone)["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate(("ap-northeast-2a", "ap-northeast-2b"))
    ]
    group = ec2.create_security_group(GroupName="wall", Description="wall", VpcId=vpc)["GroupId"]
    for old in rds.describe_db_instances()["DBInstances"]:
        name = old["DBInstanceIdentifier"]
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    if not rds.describe_db_subnet_groups()["DBSubnetGroups"]:
        rds.create_db_subnet_group(
            DBSubnetGroupName="ours", DBSubnetGroupDescription="ours", SubnetIds=subnets
        )
        rds.create_db_parameter_group(
            DBParameterGroupName="ours", DBParameterGroupFamily="postgres17", Description="ours"
        )
    rds.create_db_instance(
        DBInstanceIdentifier="panel",
        Engine="postgres",
        EngineVersion="17.6",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="panelens_admin",
        ManageMasterUserPassword=True,
        VpcSecurityGroupIds=[group],
        DBSubnetGroupName="ours",
        DBParameterGroupName="ours",
        BackupRetentionPeriod=3,
        Port=5432,
    )
    return {"group": group}


def _check_walls(instance: dict[str, Any], walls: dict[str, str]) -> None:
    assert [g["VpcSecurityGroupId"] for g in instance["VpcSecurityGroups"]] == [walls["group"]]
    assert instance["DBSubnetGroup"]["DBSubnetGroupName"] == "ours"
    assert instance["DBParameterGroups"][0]["DBParameterGroupName"] == "ours"
    assert instance["DeletionProtection"] is True
    assert not instance.get("PubliclyAccessible", False)  # moto leaves out what is false
    assert instance["BackupRetentionPeriod"] == 3


def _one(rds: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def test_a_snapshot_is_taken_listed_and_restored_behind_the_same_walls(
    rds: Any, drill: Drill, walls: dict[str, str]
) -> None:
    (name,) = drill("snapshot", "panel")
    assert any("manual" in line and name in line for line in drill("list", "panel"))
    drill("restore-snapshot", "panel", "panel-2", "--snapshot", name)
    _check_walls(_one(rds, "panel-2"), walls)
    assert _one(rds, "panel")["DBInstanceStatus"] == "available"


def test_a_moment_is_restored_and_switched_to_under_the_old_name(
    rds: Any, drill: Drill, walls: dict[str, str]
) -> None:
    drill("restore-time", "panel", "panel-3")
    _check_walls(_one(rds, "panel-3"), walls)
    said = drill("switch", "panel", "panel-3")
    names = {i["DBInstanceIdentifier"] for i in rds.describe_db_instances()["DBInstances"]}
    assert "panel" in names and "panel-3" not in names
    assert any(name.startswith("panel-before-") for name in names)
    assert any("terraform import aws_db_instance.main panel" in line for line in said)
    _check_walls(_one(rds, "panel"), walls)
