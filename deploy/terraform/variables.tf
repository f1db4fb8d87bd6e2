# Every default stays inside the free tier, except the two that cost a little and say so.

variable "region" {
  description = "AWS region; Seoul by default"
  type        = string
  default     = "ap-northeast-2"
}

variable "name" {
  description = "prefix of everything that is made"
  type        = string
  default     = "panelens"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}[a-z0-9]$", var.name))
    error_message = "Lower-case letters, digits and hyphens, 3 to 22 characters, beginning with a letter."
  }
}

variable "domain" {
  description = "name the page is reached by, e.g. panel.example.org; a certificate is fetched for it"
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "A host name without https:// and without a path."
  }
}

variable "visitors" {
  description = "address ranges that may open the page; everyone by default, who still has to sign in (port 80 is open to everyone: certificates)"
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = alltrue([for range in var.visitors : can(cidrhost(range, 0))])
    error_message = "Each must be an address range such as 203.0.113.0/24."
  }
}

variable "alarm_email" {
  description = "who is written to when something is wrong; the first mail asks to confirm"
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarm_email))
    error_message = "An e-mail address."
  }
}

variable "budget_usd" {
  description = "monthly bill, in US dollars, at whose 80 % and forecast 100 % a mail is sent"
  type        = number
  default     = 10

  validation {
    condition     = var.budget_usd >= 1
    error_message = "At least 1 dollar."
  }
}

variable "instance_type" {
  description = "EC2 type; x86-64 with AVX2"
  type        = string
  default     = "t3.micro"

  validation {
    condition     = can(regex("^(t3|t3a|c5|c5a|c6i|c6a|c7i|c7a|m5|m5a|m6i|m6a|m7i|m7a)\\.", var.instance_type))
    error_message = "The bundle is compiled for x86-64-v3: t3, t3a, or a c or m type of the fifth generation or later, by Intel or AMD."
  }
}

variable "image_id" {
  description = "machine image; the newest Debian 13 when empty"
  type        = string
  default     = ""

  validation {
    condition     = var.image_id == "" || can(regex("^ami-[0-9a-f]+$", var.image_id))
    error_message = "An image id such as ami-0123456789abcdef0, or nothing."
  }
}

variable "disk_gb" {
  description = "size of the instance's volume"
  type        = number
  default     = 12

  validation {
    condition     = var.disk_gb >= 8 && var.disk_gb <= 1000
    error_message = "From 8 to 1000."
  }
}

variable "unlimited_cpu" {
  description = "go on at full speed, for money, when the processor credits are used up"
  type        = bool
  default     = false
}

variable "elastic_ip" {
  description = "keep one public address across stop and replacement (about 3.65 dollars a month, as for any public address, but also while stopped)"
  type        = bool
  default     = false
}

variable "ssh" {
  description = "a key pair's name and the one address that may use it; Session Manager needs neither"
  type        = object({ key_name = string, from = string })
  default     = null

  validation {
    condition     = var.ssh == null || can(regex("^(\\d{1,3}\\.){3}\\d{1,3}/32$", var.ssh.from))
    error_message = "ssh.from must be one address, such as 203.0.113.7/32."
  }
}

variable "database_class" {
  description = "RDS class"
  type        = string
  default     = "db.t4g.micro"

  validation {
    condition     = startswith(var.database_class, "db.")
    error_message = "A class such as db.t4g.micro."
  }
}

variable "database_gb" {
  description = "size of the database's volume"
  type        = number
  default     = 20

  validation {
    condition     = var.database_gb >= 20 && var.database_gb <= 1000
    error_message = "From 20 to 1000."
  }
}

variable "database_volume" {
  description = "gp2 (what the old free tier covers) or gp3"
  type        = string
  default     = "gp2"

  validation {
    condition     = contains(["gp2", "gp3"], var.database_volume)
    error_message = "gp2 or gp3."
  }
}

variable "backup_days" {
  description = "days that automatic backups are kept; the credit-based free plan refuses more than 1, a paid plan should have 7 or more"
  type        = number
  default     = 1

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35 && floor(var.backup_days) == var.backup_days
    error_message = "From 1 to 35: 0 would switch automatic backups off."
  }
}

variable "deletion_protection" {
  description = "refuse to delete the database; set to false and apply before you destroy"
  type        = bool
  default     = true
}
