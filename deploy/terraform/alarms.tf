# Ten alarms and ten own figures: what CloudWatch gives free of charge.

locals {
  metrics = "Panelens/${var.name}"

  instance_alarms = {
    credits = {
      metric      = "CPUCreditBalance", below = 20,
      description = "The instance's processor credits run out: it is about to slow down to a tenth"
    }
    surplus = {
      metric      = "CPUSurplusCreditsCharged", above = 0,
      description = "Processor time above the baseline is being charged"
    }
    status = {
      metric      = "StatusCheckFailed", above = 0,
      description = "The instance or the machine below it does not answer"
    }
  }

  own_alarms = {
    memory = { metric = "MemoryUsedPercent", above = 90, description = "Memory is nearly full" }
    disk   = { metric = "DiskUsedPercent", above = 85, description = "The disk is nearly full" }
    errors = { metric = "ServerErrors", above = 5, description = "Requests fail with a 5xx status" }
    ready = {
      metric      = "Ready", below = 1, silence = "breaching",
      description = "Model, database, proxy or certificate does not work, or the instance is silent"
    }
    backup = {
      metric      = "BackupAgeHours", above = 30,
      description = "The last encrypted backup that succeeded is more than a day old, or none is made any more"
    }
  }

  database_alarms = {
    storage = {
      metric      = "FreeStorageSpace", below = 2000000000,
      description = "The database has less than 2 GB left"
    }
    credits = {
      metric      = "CPUCreditBalance", below = 20,
      description = "The database's processor credits run out: above the baseline it costs money"
    }
  }

  alarms = merge(
    { for key, alarm in local.instance_alarms : "instance-${key}" => merge(alarm, {
      namespace = "AWS/EC2", dimensions = { InstanceId = aws_instance.app.id }
    }) },
    { for key, alarm in local.own_alarms : "app-${key}" => merge(alarm, {
      namespace = local.metrics, dimensions = {}
    }) },
    { for key, alarm in local.database_alarms : "database-${key}" => merge(alarm, {
      namespace = "AWS/RDS", dimensions = { DBInstanceIdentifier = aws_db_instance.main.identifier }
    }) },
  )
}

resource "aws_sns_topic" "alarms" {
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "all" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = can(each.value.below) ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = try(each.value.below, each.value.above)
  treat_missing_data  = try(each.value.silence, "missing")
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  # A machine that lost its certificate makes no backups and tells of none.
  insufficient_data_actions = each.key == "app-backup" ? [aws_sns_topic.alarms.arn] : []
}

# A backup of RDS's own that fails is no metric but an event.
resource "aws_db_event_subscription" "backups" {
  name             = "${var.name}-backups"
  sns_topic        = aws_sns_topic.alarms.arn
  source_type      = "db-instance"
  source_ids       = [aws_db_instance.main.identifier]
  event_categories = ["backup", "failure", "low storage", "deletion", "recovery"]
}
