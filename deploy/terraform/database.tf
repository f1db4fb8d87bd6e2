locals {
  # That of the instance's pg_dump (Debian 13), whose dumps an older server cannot take back.
  postgresql = "17"
}

resource "aws_db_subnet_group" "main" {
  name       = var.name
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_db_parameter_group" "main" {
  name   = "${var.name}-pg${local.postgresql}"
  family = "postgres${local.postgresql}"

  # The default since version 15; written out so that nothing else can be meant.
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # A forgotten transaction must not hold back vacuum for long.
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "600000"
  }

  # Roles made for the application get their passwords hashed this way.
  parameter {
    name  = "password_encryption"
    value = "scram-sha-256"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "main" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = local.postgresql
  instance_class = var.database_class

  allocated_storage = var.database_gb
  storage_type      = var.database_volume
  storage_encrypted = true

  db_name                     = "panelens"
  username                    = "panelens_admin"
  manage_master_user_password = true # made, kept and rotated by RDS in Secrets Manager

  port                   = 5432
  publicly_accessible    = false
  multi_az               = false
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.database.id]
  parameter_group_name   = aws_db_parameter_group.main.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  # Else a bigger disk waits for the maintenance window, and the database is full by then.
  apply_immediately = true

  backup_retention_period   = var.backup_days
  backup_window             = "18:00-18:30" # 03:00 in Seoul
  maintenance_window        = "sun:19:00-sun:19:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"

  auto_minor_version_upgrade = true
  tags                       = { Name = var.name }
}
