# A security group without rules lets nothing in and, once Terraform has it, nothing out.

resource "aws_security_group" "app" {
  name        = "${var.name}-app"
  description = "The instance: web in, database and web out"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${var.name}-app" }
}

resource "aws_security_group" "database" {
  name        = "${var.name}-database"
  description = "PostgreSQL: from the instance and from nowhere else"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${var.name}-database" }
}

# The certificate authority looks at port 80, from addresses that nobody knows beforehand.
resource "aws_vpc_security_group_ingress_rule" "web" {
  for_each = {
    for rule in concat([["80", local.everywhere]], setproduct(["443"], var.visitors)) : join(" ", rule) => rule
  }

  security_group_id = aws_security_group.app.id
  description       = each.value[0] == "80" ? "HTTP: certificates and the way to HTTPS" : "HTTPS"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value[0])
  to_port           = tonumber(each.value[0])
  cidr_ipv4         = each.value[1]
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  count             = var.ssh == null ? 0 : 1
  security_group_id = aws_security_group.app.id
  description       = "SSH from one address"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = var.ssh.from
}

# Packages, certificates, Session Manager, CloudWatch, S3.
resource "aws_vpc_security_group_egress_rule" "web" {
  for_each          = toset(["80", "443"])
  security_group_id = aws_security_group.app.id
  description       = "To the web"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value)
  to_port           = tonumber(each.value)
  cidr_ipv4         = local.everywhere
}

resource "aws_vpc_security_group_egress_rule" "database" {
  security_group_id            = aws_security_group.app.id
  description                  = "To the database"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.database.id
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  description                  = "From the instance"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.app.id
}
