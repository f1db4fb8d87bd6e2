# What the instance may do: be reached by Session Manager, fetch its bundle, store backups, report
# figures, and read the one secret that RDS keeps. It may not touch RDS, EC2 or IAM.

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "instance" {
  name               = "${var.name}-instance"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy_attachment" "session_manager" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

data "aws_iam_policy_document" "instance" {
  statement {
    sid       = "FetchReleases"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.store.arn}/releases/*"]
  }

  statement {
    sid       = "StoreBackups"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.store.arn}/backups/*"]
  }

  statement {
    sid       = "ListStore"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.store.arn]
  }

  statement {
    sid       = "ReadDatabasePassword"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_db_instance.main.master_user_secret[0].secret_arn]
  }

  statement {
    sid       = "ReportFigures"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # this action knows no resources; the namespace is what can be bound

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [local.metrics]
    }
  }
}

resource "aws_iam_role_policy" "instance" {
  name   = "panelens"
  role   = aws_iam_role.instance.id
  policy = data.aws_iam_policy_document.instance.json
}

resource "aws_iam_instance_profile" "instance" {
  name = "${var.name}-instance"
  role = aws_iam_role.instance.name
}
