# What a plan must hold, without an account: terraform test

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["a", "b", "c"] }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_db_instance" {
    defaults = { master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:x:1:secret:rds", kms_key_id = "", secret_status = "active" }] }
  }
}

variables {
  domain      = "panel.example.org"
  alarm_email = "operator@example.org"
}

# Each plan takes the provider some seconds: one for all that holds by default.
run "what_holds_by_default" {
  command = plan

  assert {
    condition     = !aws_db_instance.main.publicly_accessible && aws_db_instance.main.storage_encrypted
    error_message = "The database must be private and encrypted."
  }

  assert {
    condition     = aws_db_instance.main.backup_retention_period == 1 && aws_db_instance.main.deletion_protection && !aws_db_instance.main.skip_final_snapshot
    error_message = "Backups, deletion protection and a final snapshot must be on."
  }

  assert {
    condition     = aws_db_instance.main.apply_immediately
    error_message = "A bigger database must not wait for the maintenance window."
  }

  assert {
    condition     = aws_db_instance.main.manage_master_user_password && aws_db_instance.main.password == null
    error_message = "RDS must make and keep the password."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.database.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.database.from_port == 5432
    error_message = "No address range may reach the database."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.ssh) == 0
    error_message = "Port 22 must be closed by default."
  }

  assert {
    condition     = aws_instance.app.metadata_options[0].http_tokens == "required" && aws_instance.app.root_block_device[0].encrypted
    error_message = "IMDSv2 and an encrypted volume."
  }

  assert {
    condition     = aws_instance.app.credit_specification[0].cpu_credits == "standard"
    error_message = "Processor time must not be billed unless asked for."
  }

  assert {
    condition     = aws_budgets_budget.month.limit_amount == "10.0" && length(aws_budgets_budget.month.notification) == 2
    error_message = "A budget with two notifications."
  }
}

run "no_retention_beyond_what_rds_keeps" {
  command = plan

  variables {
    backup_days = 36
  }

  expect_failures = [var.backup_days]
}

run "automatic_backups_cannot_be_switched_off" {
  command = plan

  variables {
    backup_days = 0
  }

  expect_failures = [var.backup_days]
}

run "few_visitors_do_not_shut_out_the_certificate_authority" {
  command = plan

  variables {
    visitors = ["203.0.113.0/24", "198.51.100.0/24"]
  }

  assert {
    condition = toset([for rule in aws_vpc_security_group_ingress_rule.web : "${rule.from_port} ${rule.cidr_ipv4}"]) == toset([
      "80 0.0.0.0/0", "443 203.0.113.0/24", "443 198.51.100.0/24",
    ])
    error_message = "Port 80 for everyone, 443 for the visitors."
  }
}

run "ssh_takes_one_address_and_not_the_world" {
  command = plan

  variables {
    ssh = { key_name = "mine", from = "0.0.0.0/0" }
  }

  expect_failures = [var.ssh]
}

run "arm_is_refused_because_the_bundle_is_not_built_for_it" {
  command = plan

  variables {
    instance_type = "t4g.micro"
  }

  expect_failures = [var.instance_type]
}
