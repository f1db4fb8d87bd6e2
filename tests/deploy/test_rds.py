"""The drill with RDS's own backups, against moto's RDS: restored instances keep our walls."""

from collections.abc import Callable
from itertools import count
from types import ModuleType
from typing import Any

import pytest

from .conftest import Cloud

ELSEWHERE = "us-west-2"  # another region than the stack's: both are in one moto
Drill = Callable[..., list[str]]
_numbers = count(1)


@pytest.fixture
def rds(cloud: Cloud) -> Any:
    return cloud.client("rds", ELSEWHERE)


@pytest.fixture
def drill(cloud: Cloud, drills: ModuleType, capsys: pytest.CaptureFixture[str]) -> Drill:
    """Runs the script as the operator does; the lines it prints."""

    def run(*words: str, client: Any = None) -> list[str]:
        client = client or (lambda service: cloud.client(service, ELSEWHERE))
        assert drills.main(list(words), client) == 0
        return capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def panel(cloud: Cloud, rds: Any) -> str:
    """A database as Terraform makes it: behind groups named after it, none of them a default."""
    name = f"panel-{next(_numbers)}"
    ec2 = cloud.client("ec2", ELSEWHERE)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=zone)
        for number, zone in enumerate((f"{ELSEWHERE}a", f"{ELSEWHERE}b"))
    ]
    group = ec2.create_security_group(GroupName=f"{name}-database", Description="wall", VpcId=vpc)[
        "GroupId"
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName=name,
        DBSubnetGroupDescription="ours",
        SubnetIds=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
    )
    rds.create_db_parameter_group(
        DBParameterGroupName=f"{name}-pg17", DBParameterGroupFamily="postgres17", Description="ours"
    )
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        EngineVersion="17.6",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="panelens_admin",
        ManageMasterUserPassword=True,
        VpcSecurityGroupIds=[group],
        DBSubnetGroupName=name,
        DBParameterGroupName=f"{name}-pg17",
        BackupRetentionPeriod=3,
        Port=5432,
    )
    return name


def _check_walls(cloud: Cloud, instance: dict[str, Any], panel: str) -> None:
    held = [group["VpcSecurityGroupId"] for group in instance["VpcSecurityGroups"]]
    groups = cloud.client("ec2", ELSEWHERE).describe_security_groups(GroupIds=held)
    assert [g["GroupName"] for g in groups["SecurityGroups"]] == [f"{panel}-database"]
    assert instance["DBSubnetGroup"]["DBSubnetGroupName"] == panel
    assert instance["DBParameterGroups"][0]["DBParameterGroupName"] == f"{panel}-pg17"
    assert instance["DeletionProtection"] is True
    assert not instance.get("PubliclyAccessible", False)  # moto leaves out what is false
    assert instance["BackupRetentionPeriod"] == 3


def _one(rds: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def _names(rds: Any) -> set[str]:
    return {i["DBInstanceIdentifier"] for i in rds.describe_db_instances()["DBInstances"]}


def test_a_snapshot_is_taken_listed_and_restored_behind_the_same_walls(
    cloud: Cloud, rds: Any, drill: Drill, panel: str
) -> None:
    (name,) = drill("snapshot", panel)
    assert any("manual" in line and name in line for line in drill("list", panel))
    drill("restore-snapshot", panel, f"{panel}-new", "--snapshot", name)
    _check_walls(cloud, _one(rds, f"{panel}-new"), panel)
    assert _one(rds, panel)["DBInstanceStatus"] == "available"


def test_a_deleted_database_comes_back_from_its_final_snapshot_behind_the_same_walls(
    cloud: Cloud, rds: Any, drill: Drill, panel: str
) -> None:
    final = f"{panel}-final"
    rds.delete_db_instance(DBInstanceIdentifier=panel, FinalDBSnapshotIdentifier=final)
    assert panel not in _names(rds)
    assert any(final in line for line in drill("list", panel))
    drill("restore-snapshot", panel, f"{panel}-new", "--snapshot", final)
    drill("switch", panel, f"{panel}-new")
    _check_walls(cloud, _one(rds, panel), panel)
    assert f"{panel}-new" not in _names(rds)


def test_a_moment_is_restored_and_switched_to_under_the_old_name(
    cloud: Cloud, rds: Any, drill: Drill, panel: str
) -> None:
    drill("restore-time", panel, f"{panel}-new")
    _check_walls(cloud, _one(rds, f"{panel}-new"), panel)
    said = drill("switch", panel, f"{panel}-new")
    assert panel in _names(rds) and f"{panel}-new" not in _names(rds)
    assert any(name.startswith(f"{panel}-before-") for name in _names(rds))
    _check_walls(cloud, _one(rds, panel), panel)
    # The machine may not read the new password before Terraform has said so.
    terraform = "  terraform -chdir=deploy/terraform"
    last = said.index(f"{terraform} import aws_db_instance.main {panel}")
    secret = _one(rds, panel)["MasterUserSecret"]["SecretArn"]
    assert said.index(f"  sudo panelens-database {secret}") > last


def test_an_instance_that_is_still_being_renamed_is_waited_for(
    rds: Any, drills: ModuleType, drill: Drill, panel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moto renames at once, RDS takes minutes in which the new name is unknown."""
    drill("restore-time", panel, f"{panel}-new")
    monkeypatch.setattr(drills, "LOOK_SECONDS", 0)
    drill("switch", panel, f"{panel}-new", client=lambda _: _Renaming(rds))
    assert panel in _names(rds) and f"{panel}-new" not in _names(rds)


def test_a_switch_that_was_done_or_mistyped_leaves_the_database_where_it_is(
    rds: Any, drill: Drill, panel: str
) -> None:
    drill("restore-time", panel, f"{panel}-new")
    drill("switch", panel, f"{panel}-new")
    before = sorted(_names(rds))
    said = drill("switch", panel, f"{panel}-new")
    assert sorted(_names(rds)) == before
    assert f"There is no {panel}-new: nothing is renamed." in said[0]
    secret = _one(rds, panel)["MasterUserSecret"]["SecretArn"]
    assert f"  sudo panelens-database {secret}" in said


def test_the_database_that_was_left_is_named_as_long_as_it_is_paid_for(
    rds: Any, drill: Drill, panel: str
) -> None:
    drill("restore-time", panel, f"{panel}-new")
    drill("switch", panel, f"{panel}-new")
    said = drill("switch", panel, f"{panel}-new")
    (kept,) = (name for name in _names(rds) if name.startswith(f"{panel}-before-"))
    named = f"--db-instance-identifier {kept}"
    assert said[-2:] == [
        f"  aws rds modify-db-instance {named} --no-deletion-protection --apply-immediately",
        f"  aws rds delete-db-instance {named} --final-db-snapshot-identifier {kept}",
    ]
    rds.modify_db_instance(DBInstanceIdentifier=kept, DeletionProtection=False)
    rds.delete_db_instance(DBInstanceIdentifier=kept, FinalDBSnapshotIdentifier=kept)
    assert not any("-before-" in line for line in drill("switch", panel, f"{panel}-new"))


@pytest.mark.parametrize("act", ["restore-time", "restore-snapshot"])
def test_a_restore_that_was_cut_off_is_finished_and_not_switched_to_before(
    cloud: Cloud, rds: Any, drill: Drill, panel: str, act: str
) -> None:
    new, more = f"{panel}-new", []
    if act == "restore-snapshot":
        more = ["--snapshot", *drill("snapshot", panel)]
    cut_off = _CutOff(rds)
    with pytest.raises(KeyboardInterrupt):
        drill(act, panel, new, *more, client=lambda _: cut_off)
    before = _names(rds)
    with pytest.raises(SystemExit, match="run its restore again"):
        drill("switch", panel, new, client=lambda _: cut_off)
    assert _names(rds) == before
    said = drill(act, panel, new, *more, client=lambda _: cut_off)
    assert "cut off" in said[0] and new in said[-1]
    _check_walls(cloud, _one(rds, new), panel)
    drill("switch", panel, new, client=lambda _: cut_off)


def test_a_finished_restore_is_not_taken_for_another_moment(
    rds: Any, drills: ModuleType, drill: Drill, panel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (name,) = drill("snapshot", panel)
    restore = ["restore-snapshot", panel, f"{panel}-new", "--snapshot", name]
    drill(*restore)
    assert drills.main(restore, lambda _: rds) == 1
    assert "AlreadyExists" in capsys.readouterr().err


def test_a_snapshot_that_is_still_being_made_has_no_time_and_stands_last(
    rds: Any, drill: Drill, panel: str
) -> None:
    (making,) = drill("snapshot", panel)
    rds.create_db_snapshot(DBInstanceIdentifier=panel, DBSnapshotIdentifier=f"{panel}-there")
    said = drill("list", panel, client=lambda _: _StillMaking(rds, making))
    assert f" UTC  manual     {panel}-there" in said[-3]
    assert said[-2].startswith("- ") and making in said[-2]


class _Rds:
    """Moto's RDS, which does everything at once, with what takes time on AWS."""

    def __init__(self, rds: Any) -> None:
        self._rds = rds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rds, name)


class _StillMaking(_Rds):
    """One snapshot is not there yet."""

    def __init__(self, rds: Any, snapshot: str) -> None:
        super().__init__(rds)
        self._snapshot = snapshot

    def describe_db_snapshots(self, **what: Any) -> Any:
        found = self._rds.describe_db_snapshots(**what)
        for snapshot in found["DBSnapshots"]:
            if snapshot["DBSnapshotIdentifier"] == self._snapshot:
                del snapshot["SnapshotCreateTime"]
        return found


class _CutOff(_Rds):
    """The first wish for a password of its own is cut off; until then there is none."""

    _without: str | None = None
    _cut = False

    def modify_db_instance(self, **what: Any) -> Any:
        if what.get("ManageMasterUserPassword"):
            self._without = None if self._cut else what["DBInstanceIdentifier"]
            if not self._cut:
                self._cut = True
                raise KeyboardInterrupt
        return self._rds.modify_db_instance(**what)

    def describe_db_instances(self, **what: Any) -> Any:
        found = self._rds.describe_db_instances(**what)
        for instance in found["DBInstances"]:
            if instance["DBInstanceIdentifier"] == self._without:
                del instance["MasterUserSecret"]
        return found


class _Renaming(_Rds):
    """For the first looks after a renaming the new name is unknown."""

    def __init__(self, rds: Any) -> None:
        super().__init__(rds)
        self._unknown: dict[str, int] = {}

    def modify_db_instance(self, **what: Any) -> Any:
        if "NewDBInstanceIdentifier" in what:
            self._unknown[what["NewDBInstanceIdentifier"]] = 3
        return self._rds.modify_db_instance(**what)

    def describe_db_instances(self, **what: Any) -> Any:
        name = what.get("DBInstanceIdentifier", "")
        if self._unknown.get(name, 0):
            self._unknown[name] -= 1
            raise self._rds.exceptions.DBInstanceNotFoundFault({"Error": {}}, "DescribeDBInstances")
        return self._rds.describe_db_instances(**what)


def test_what_amazon_refuses_is_one_sentence(
    cloud: Cloud, drills: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drills.main(["snapshot", "nobody"], cloud.client) == 1
    said = capsys.readouterr()
    assert "nobody" in said.err and "Traceback" not in said.err and said.out == ""
