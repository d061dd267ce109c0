package replacement

import "github.com/kms-review/kms-review/analyzer/terraform"

// store is how a message speaks of what holds data, and how its data gets under another key.
type store struct {
	noun string
	way  string // completes "to get there without a loss, ..."
}

// The ways. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html and
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html say that a copy of a snapshot may have another key.
const (
	bySnapshot = "copy a snapshot of it with the new key and restore that as a resource of its own"
	byCopy     = "make a second one beside it, move the data, and take this one away in a change of its own"
)

var stores = map[string]store{
	"aws_db_instance":                   {"database", bySnapshot},
	"aws_rds_cluster":                   {"database cluster", bySnapshot},
	"aws_docdb_cluster":                 {"database cluster", bySnapshot},
	"aws_neptune_cluster":               {"database cluster", bySnapshot},
	"aws_ebs_volume":                    {"volume", bySnapshot},
	"aws_instance":                      {"instance with its volumes", "restore a snapshot that is copied with the new key, in an instance of its own"},
	"aws_spot_instance_request":         {"instance with its volumes", "restore a snapshot that is copied with the new key, in an instance of its own"},
	"aws_elasticache_replication_group": {"cache", byCopy},
	"aws_efs_file_system":               {"file system", byCopy},
	"aws_ecr_repository":                {"repository with its images", byCopy},
	"aws_eks_cluster":                   {"cluster with all that runs in it", byCopy},
	"aws_opensearch_domain":             {"domain with its indexes", byCopy},
	"aws_elasticsearch_domain":          {"domain with its indexes", byCopy},
	"aws_msk_cluster":                   {"cluster with its topics", byCopy},
	"aws_backup_vault":                  {"vault with its recovery points", byCopy},
	"aws_workspaces_workspace":          {"workspace with its volumes", byCopy},
}

func storeOf(r *terraform.Resource) store {
	if s, known := stores[r.Type]; known {
		return s
	}
	return store{"resource with its data", byCopy}
}
