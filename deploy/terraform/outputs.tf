output "address" {
  description = "public address: point the domain's A record here"
  value       = var.elastic_ip ? aws_eip.app[0].public_ip : aws_instance.app.public_ip
}

output "instance_id" {
  description = "for aws ssm start-session --target"
  value       = aws_instance.app.id
}

output "bucket" {
  description = "where the bundle is put and backups are kept"
  value       = aws_s3_bucket.store.bucket
}

output "database" {
  description = "name of the RDS instance, and what a restored copy must be given"
  value = {
    identifier      = aws_db_instance.main.identifier
    host            = aws_db_instance.main.address
    subnet_group    = aws_db_subnet_group.main.name
    security_group  = aws_security_group.database.id
    parameter_group = aws_db_parameter_group.main.name
  }
}
