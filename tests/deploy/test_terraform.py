"""The rules of the network and the database, looked up in what Terraform really created."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from .conftest import Cloud, not_here
from .terraform import SOURCE, Terraform, copied, initialise

EVERYWHERE = ("0.0.0.0/0", "::/0")
WEB = (80, 443)


def _groups(cloud: Cloud) -> dict[str, Any]:
    groups = cloud.client("ec2").describe_security_groups()["SecurityGroups"]
    return {g["GroupName"]: g for g in groups if g["GroupName"].startswith("panelens")}


def _open_to_everyone(groups: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    for name, group in groups.items():
        for rule in (*group["IpPermissions"], *group["IpPermissionsEgress"]):
            ranges = [r["CidrIp"] for r in rule["IpRanges"]]
            ranges += [r["CidrIpv6"] for r in rule.get("Ipv6Ranges", [])]
            if set(ranges) & set(EVERYWHERE):
                # A rule without ports is a rule for all of them.
                yield name, rule.get("FromPort", 0), rule.get("ToPort", 65535)


@pytest.mark.slow
class TestWhatWasCreated:
    def test_the_database_admits_the_instance_and_nothing_else(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        groups = _groups(cloud)
        (rule,) = groups["panelens-database"]["IpPermissions"]
        assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 5432, 5432)
        assert rule["IpRanges"] == [] and not rule.get("Ipv6Ranges")
        assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [
            groups["panelens-app"]["GroupId"]
        ]
        assert groups["panelens-database"]["IpPermissionsEgress"] == []

    def test_only_the_web_is_open_to_everyone(self, applied: Terraform, cloud: Cloud) -> None:
        opened = list(_open_to_everyone(_groups(cloud)))
        assert opened  # the walk sees something
        assert {(low, high) for _, low, high in opened} == {(p, p) for p in WEB}
        assert {name for name, _, _ in opened} == {"panelens-app"}

    def test_port_22_is_in_no_rule(self, applied: Terraform, cloud: Cloud) -> None:
        for group in _groups(cloud).values():
            for rule in group["IpPermissions"]:
                assert not rule.get("FromPort", 0) <= 22 <= rule.get("ToPort", 65535)

    def test_the_database_is_in_that_group_private_encrypted_and_protected(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        (database,) = cloud.client("rds").describe_db_instances()["DBInstances"]
        held = [group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]]
        assert held == [_groups(cloud)["panelens-database"]["GroupId"]]
        assert database["PubliclyAccessible"] is False
        assert database["StorageEncrypted"] is True
        assert database["DeletionProtection"] is True
        assert database["BackupRetentionPeriod"] >= 1
        assert database["DBInstanceClass"].endswith(".micro")

    def test_the_database_takes_no_connection_without_tls(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        rds = cloud.client("rds")
        (database,) = rds.describe_db_instances()["DBInstances"]
        (group,) = database["DBParameterGroups"]
        parameters = rds.describe_db_parameters(DBParameterGroupName=group["DBParameterGroupName"])
        values = {p["ParameterName"]: p.get("ParameterValue") for p in parameters["Parameters"]}
        assert values["rds.force_ssl"] == "1"

    def test_the_database_stands_in_subnets_without_a_way_out(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        ec2 = cloud.client("ec2")
        (group,) = cloud.client("rds").describe_db_subnet_groups()["DBSubnetGroups"]
        subnets = {subnet["SubnetIdentifier"] for subnet in group["Subnets"]}
        tables = ec2.describe_route_tables()["RouteTables"]
        of_subnet = {
            link["SubnetId"]: table
            for table in tables
            for link in table["Associations"]
            if "SubnetId" in link
        }
        assert len(subnets) == 2
        for subnet in subnets:
            ways = {route.get("GatewayId") for route in of_subnet[subnet]["Routes"]}
            assert ways == {"local"}

    def test_the_password_is_in_secrets_manager_and_nowhere_else(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        (database,) = cloud.client("rds").describe_db_instances()["DBInstances"]
        arn = database["MasterUserSecret"]["SecretArn"]
        secret = cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
        password = json.loads(secret)["password"]
        assert len(password) >= 8
        assert password not in (applied.folder / "terraform.tfstate").read_text("utf-8")
        assert password not in _user_data(cloud)

    def test_the_instance_asks_for_signed_metadata_requests(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        options = _instance(cloud)["MetadataOptions"]
        assert options["HttpTokens"] == "required"
        assert options["HttpPutResponseHopLimit"] == 1

    def test_the_volume_is_encrypted(self, applied: Terraform, cloud: Cloud) -> None:
        volumes = cloud.client("ec2").describe_volumes()["Volumes"]
        assert volumes and all(volume["Encrypted"] for volume in volumes)

    def test_the_role_may_do_these_things_and_no_others(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        iam = cloud.client("iam")
        policy = iam.get_role_policy(RoleName="panelens-instance", PolicyName="panelens")
        statements = policy["PolicyDocument"]["Statement"]
        allowed = {a for s in statements for a in _listed(s["Action"])}
        assert allowed == {
            "s3:GetObject",
            "s3:PutObject",
            "s3:ListBucket",
            "secretsmanager:GetSecretValue",
            "cloudwatch:PutMetricData",
        }
        unbound = [s for s in statements if "*" in _listed(s["Resource"])]
        assert [s["Action"] for s in unbound] == ["cloudwatch:PutMetricData"]
        assert (
            unbound[0]["Condition"]["StringEquals"]["cloudwatch:namespace"] == "Panelens/panelens"
        )
        (backups,) = [s for s in statements if "/backups/" in str(s["Resource"])]
        assert _listed(backups["Action"]) == ["s3:PutObject"]
        attached = iam.list_attached_role_policies(RoleName="panelens-instance")
        assert [p["PolicyName"] for p in attached["AttachedPolicies"]] == [
            "AmazonSSMManagedInstanceCore"
        ]

    def test_the_bucket_is_closed_to_the_public(self, applied: Terraform, cloud: Cloud) -> None:
        s3 = cloud.client("s3")
        (bucket,) = s3.list_buckets()["Buckets"]
        block = s3.get_public_access_block(Bucket=bucket["Name"])
        assert all(block["PublicAccessBlockConfiguration"].values())
        assert s3.get_bucket_versioning(Bucket=bucket["Name"])["Status"] == "Enabled"

    def test_an_upload_that_was_cut_off_does_not_stay(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        s3 = cloud.client("s3")
        (bucket,) = s3.list_buckets()["Buckets"]
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket["Name"])["Rules"]
        (ends,) = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
        assert ends["Status"] == "Enabled" and not ends["Filter"].get("Prefix")

    def test_every_alarm_tells_somebody(self, applied: Terraform, cloud: Cloud) -> None:
        alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
        watched = {alarm["MetricName"] for alarm in alarms}
        assert {
            "CPUCreditBalance",
            "MemoryUsedPercent",
            "DiskUsedPercent",
            "ServerErrors",
        } <= watched
        assert {"BackupAgeHours", "Ready", "FreeStorageSpace", "StatusCheckFailed"} <= watched
        assert all(alarm["AlarmActions"] for alarm in alarms)
        assert len(alarms) <= 10  # what is free of charge

    def test_a_machine_that_lost_its_certificate_is_told_of(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        """It sends no age of its backups any more."""
        alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
        (backups,) = [alarm for alarm in alarms if alarm["MetricName"] == "BackupAgeHours"]
        assert backups["TreatMissingData"] == "missing"
        assert backups["InsufficientDataActions"] == backups["AlarmActions"]

    def test_the_user_data_knows_where_but_no_secret(
        self, applied: Terraform, cloud: Cloud
    ) -> None:
        (database,) = cloud.client("rds").describe_db_instances()["DBInstances"]
        text = _user_data(cloud)
        assert text.startswith("#cloud-config\n")
        assert all(isinstance(line, str) for line in yaml.safe_load(text)["runcmd"])
        assert database["Endpoint"]["Address"] in text
        assert not re.search(r"(?i)password[\"']?\s*[:=]\s*\S*\w", text.split("locale:", 1)[1])


@pytest.mark.slow
def test_a_restored_database_is_taken_in_and_not_replaced(
    applied: Terraform, cloud: Cloud, drills: ModuleType
) -> None:
    """The last one: what is there afterwards is not what was applied."""
    drills.main(["restore-time", "panelens", "panelens-2"], cloud.client)
    drills.main(["switch", "panelens", "panelens-2"], cloud.client)
    applied.run("state", "rm", "aws_db_instance.main")
    applied.run("import", "-no-color", "-input=false", "aws_db_instance.main", "panelens")
    said = [json.loads(line) for line in applied.run("plan", "-input=false", "-json").splitlines()]
    planned = {
        one["change"]["resource"]["addr"]: one["change"]["action"]
        for one in said
        if one["type"] == "planned_change"
    }
    assert planned.get("aws_db_instance.main", "update") == "update"
    # The machine may read the restored database's password once this is applied.
    assert planned["aws_iam_role_policy.instance"] == "update"


@pytest.mark.slow
def test_the_configuration_is_valid_and_its_own_rules_pass(tmp_path: Path) -> None:
    terraform = initialise(copied(tmp_path / "terraform"), AWS_DEFAULT_REGION="ap-northeast-2")
    if isinstance(terraform, str):
        not_here(f"deploy/terraform was not validated, only read as text: {terraform}")
        raise AssertionError
    terraform.run("validate", "-no-color")
    terraform.run("fmt", "-check", "-recursive")
    said = terraform.run("test", "-no-color")
    assert re.search(r"Success! \d+ passed, 0 failed", said)


class TestWhatIsWritten:
    """What can be told without Terraform; the same rules, less certain."""

    def test_everywhere_is_named_by_the_way_out_and_the_web_only(self) -> None:
        named = {
            name
            for name, body in _resources()
            if "local.everywhere" in body or any(world in body for world in EVERYWHERE)
        }
        assert named == {
            "aws_route.out",
            "aws_vpc_security_group_egress_rule.web",
            "aws_vpc_security_group_ingress_rule.web",
        }

    def test_the_database_rule_names_a_group_and_no_range(self) -> None:
        body = dict(_resources())["aws_vpc_security_group_ingress_rule.database"]
        assert "referenced_security_group_id = aws_security_group.app.id" in body
        assert "cidr" not in body

    def test_nothing_sets_a_password(self) -> None:
        for name, body in _resources():
            assert not re.search(r"^\s*(master_)?password\s*=", body, re.M), name


def _resources() -> Iterator[tuple[str, str]]:
    for file in sorted(SOURCE.glob("*.tf")):
        found = re.finditer(
            r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', file.read_text("utf-8"), re.M | re.S
        )
        yield from ((f"{kind}.{name}", body) for kind, name, body in (m.groups() for m in found))


def _instance(cloud: Cloud) -> Any:
    (reservation,) = cloud.client("ec2").describe_instances()["Reservations"]
    return reservation["Instances"][0]


def _user_data(cloud: Cloud) -> str:
    attribute = cloud.client("ec2").describe_instance_attribute(
        InstanceId=_instance(cloud)["InstanceId"], Attribute="userData"
    )
    return base64.b64decode(attribute["UserData"]["Value"]).decode("utf-8")


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
