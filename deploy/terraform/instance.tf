data "aws_ami" "debian" {
  count       = var.image_id == "" ? 1 : 0
  most_recent = true
  owners      = ["136693071363"] # Debian's own account

  filter {
    name   = "name"
    values = ["debian-13-amd64-*"]
  }
}

resource "aws_instance" "app" {
  ami                    = var.image_id == "" ? data.aws_ami.debian[0].id : var.image_id
  instance_type          = var.instance_type
  subnet_id              = aws_subnet.public.id
  vpc_security_group_ids = [aws_security_group.app.id]
  iam_instance_profile   = aws_iam_instance_profile.instance.name
  key_name               = var.ssh == null ? null : var.ssh.key_name
  user_data              = local.user_data
  tags                   = { Name = var.name }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.disk_gb
    encrypted   = true
    tags        = { Name = var.name }
  }

  dynamic "credit_specification" {
    for_each = startswith(var.instance_type, "t") ? [1] : []

    content {
      cpu_credits = var.unlimited_cpu ? "unlimited" : "standard"
    }
  }

  lifecycle {
    # A newer image or another first boot must never replace a running machine by itself;
    # `terraform apply -replace=aws_instance.app` does.
    ignore_changes = [ami, user_data]
  }
}

locals {
  # Names and addresses only: user data can be read by everything on the instance.
  user_data = templatefile("${path.module}/user-data.yaml.tftpl", {
    region        = var.region
    domain        = var.domain
    bucket        = aws_s3_bucket.store.bucket
    database_host = aws_db_instance.main.address
    secret        = aws_db_instance.main.master_user_secret[0].secret_arn
    metrics       = local.metrics
  })
}

resource "aws_eip" "app" {
  count    = var.elastic_ip ? 1 : 0
  domain   = "vpc"
  instance = aws_instance.app.id
  tags     = { Name = var.name }
}
