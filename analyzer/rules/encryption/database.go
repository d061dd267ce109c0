package encryption

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// plainEngines are the database engines that store plain data unless they are told to encrypt, by the
// beginnings of their names. Aurora's encryption is the cluster's, and RDS Custom always encrypts.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
var plainEngines = []string{"db2-", "mariadb", "mysql", "oracle-", "postgres", "sqlserver-"}

// plainEngine is the condition that a database's engine is one of them.
func plainEngine(r *terraform.Resource) rule.Condition {
	engine := r.Attr("engine")
	c := rule.Condition{Attribute: "engine", Value: engine}
	name, known := engine.Text()
	switch {
	case engine.Absent():
		c.Holds = terraform.False // a replica or a restored snapshot: its source decides
	case !known:
	case hasPrefix(name, plainEngines):
		c.Holds = terraform.True
	default:
		c.Holds = terraform.False
	}
	return c
}

// oldClasses are instance classes without encryption at rest.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html#Overview.Encryption.Availability
var oldClasses = []string{"db.m1.", "db.m2.", "db.t1.", "db.t2.micro"}

// canEncrypt tells that a resource certainly supports encryption, so that a suggestion does not make it fail.
func canEncrypt(r *terraform.Resource) bool {
	if r.Type != "aws_db_instance" {
		return true
	}
	class, known := r.Attr("instance_class").Text()
	return known && !hasPrefix(class, oldClasses)
}

func hasPrefix(name string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
