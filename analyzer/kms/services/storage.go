package services

import "slices"

// Storage is what a service keeps unencrypted where an argument does not ask for more, as its documentation says
// today. What the service always encrypts has none, whatever its arguments say: S3, Secrets Manager, SQS, Aurora,
// Redshift, ElastiCache and the volumes of Storage Gateway, which lie in S3.
type Storage struct {
	Type, Path string
	Or         string // the same of the resource's other volume; "" for none
	On         string // the value that encrypts
	// Account tells that the account's default for the Region decides where nothing is asked for, and that a false asks
	// for nothing. https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
	Account   bool
	Image     bool     // as Account, and an encrypted machine image decides as well
	Engines   []string // beginnings of the engine names of which it is true; none: all
	Sources   []string // as Flag.Sources, of one that is no row's Flag
	Documents string   // URL
}

// Storages lists them by type and path. It is not to be changed.
func Storages() []Storage { return storages }

// Stores tells whether a type has such storage, and whether a resource of it may be at fault that does not name the
// argument.
func Stores(typ string) (stores, unwritten bool) {
	i := slices.IndexFunc(storages, func(s Storage) bool { return s.Type == typ })
	if i < 0 {
		return false, false
	}
	return true, !storages[i].Account
}

// MadeFrom lists the arguments and blocks that make the resource out of something that exists, which then decides.
func (s *Storage) MadeFrom() (arguments, blocks []string) {
	for _, row := range Of(s.Type) {
		if row.Flag != nil && row.Flag.Path == s.Path {
			return row.Flag.Sources, row.Flag.SourceBlocks
		}
	}
	return s.Sources, nil
}

const (
	blockDevices  = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html"
	volumes       = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html"
	databases     = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"
	clusters      = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html"
	domains       = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/encryption-at-rest.html"
	fileSystems   = "https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html"
	documentDB    = "https://docs.aws.amazon.com/documentdb/latest/developerguide/encryption-at-rest.html"
	neptune       = "https://docs.aws.amazon.com/neptune/latest/userguide/encrypt.html"
	dax           = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionAtRest.html"
	streams       = "https://docs.aws.amazon.com/streams/latest/dev/what-is-sse.html"
	workspaces    = "https://docs.aws.amazon.com/workspaces/latest/adminguide/encrypt-workspaces.html"
	taskVolumes   = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceManagedEBSVolumeConfiguration.html"
	imageRecipes  = "https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_EbsInstanceBlockDeviceSpecification.html"
	launchDevices = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Ebs.html"
)

// plainEngines are the database engines that store plain data unless they are told to encrypt, by the beginnings of
// their names. Aurora's encryption is the cluster's, and RDS Custom always encrypts.
var plainEngines = []string{"db2-", "mariadb", "mysql", "oracle-", "postgres", "sqlserver-"}

var storages = []Storage{
	{Type: "aws_dax_cluster", Path: "server_side_encryption.enabled", On: "true", Documents: dax},
	{Type: "aws_db_instance", Path: "storage_encrypted", On: "true", Engines: plainEngines, Documents: databases},
	{Type: "aws_docdb_cluster", Path: "storage_encrypted", On: "true", Documents: documentDB},
	{Type: "aws_ebs_volume", Path: "encrypted", On: "true", Account: true, Documents: volumes},
	{Type: "aws_ecs_service", Path: "volume_configuration.managed_ebs_volume.encrypted", On: "true", Account: true, Documents: taskVolumes},
	{Type: "aws_efs_file_system", Path: "encrypted", On: "true", Documents: fileSystems},
	{Type: "aws_elasticsearch_domain", Path: "encrypt_at_rest.enabled", On: "true", Documents: domains},
	{Type: "aws_imagebuilder_container_recipe", Path: "instance_configuration.block_device_mapping.ebs.encrypted", On: "true", Account: true,
		Image: true, Sources: []string{"instance_configuration.block_device_mapping.ebs.snapshot_id"}, Documents: imageRecipes},
	{Type: "aws_imagebuilder_image_recipe", Path: "block_device_mapping.ebs.encrypted", On: "true", Account: true, Image: true,
		Sources: []string{"block_device_mapping.ebs.snapshot_id"}, Documents: imageRecipes},
	{Type: "aws_instance", Path: "ebs_block_device.encrypted", On: "true", Account: true, Image: true, Documents: blockDevices},
	{Type: "aws_instance", Path: "root_block_device.encrypted", On: "true", Account: true, Image: true, Documents: blockDevices},
	{Type: "aws_kinesis_stream", Path: "encryption_type", On: "KMS", Documents: streams},
	{Type: "aws_launch_configuration", Path: "ebs_block_device.encrypted", On: "true", Account: true, Image: true,
		Sources: []string{"ebs_block_device.snapshot_id"}, Documents: launchDevices},
	{Type: "aws_launch_configuration", Path: "root_block_device.encrypted", On: "true", Account: true, Image: true, Documents: launchDevices},
	{Type: "aws_launch_template", Path: "block_device_mappings.ebs.encrypted", On: "true", Account: true, Image: true, Documents: blockDevices},
	{Type: "aws_neptune_cluster", Path: "storage_encrypted", On: "true", Documents: neptune},
	{Type: "aws_opensearch_domain", Path: "encrypt_at_rest.enabled", On: "true", Documents: domains},
	// only a Multi-AZ DB cluster: Aurora encrypts every cluster that is created since February 2026
	{Type: "aws_rds_cluster", Path: "storage_encrypted", On: "true", Engines: []string{"mysql", "postgres"}, Documents: clusters},
	{Type: "aws_spot_fleet_request", Path: "launch_specification.ebs_block_device.encrypted", On: "true", Account: true, Image: true,
		Sources: []string{"launch_specification.ebs_block_device.snapshot_id"}, Documents: blockDevices},
	{Type: "aws_spot_fleet_request", Path: "launch_specification.root_block_device.encrypted", On: "true", Account: true, Image: true,
		Documents: blockDevices},
	{Type: "aws_spot_instance_request", Path: "ebs_block_device.encrypted", On: "true", Account: true, Image: true, Documents: blockDevices},
	{Type: "aws_spot_instance_request", Path: "root_block_device.encrypted", On: "true", Account: true, Image: true, Documents: blockDevices},
	{Type: "aws_workspaces_workspace", Path: "root_volume_encryption_enabled", Or: "user_volume_encryption_enabled", On: "true", Documents: workspaces},
}
