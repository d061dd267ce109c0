package services_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/kms/services"
)

func TestTable(t *testing.T) {
	t.Parallel()
	rows := services.All()
	sorted := slices.IsSortedFunc(rows, func(a, b services.Row) int {
		if n := strings.Compare(a.Type, b.Type); n != 0 {
			return n
		}
		return strings.Compare(a.Path, b.Path)
	})
	if !sorted {
		t.Error("the rows are not in the order of types and paths, by which they are found")
	}
	for _, row := range rows {
		name := row.Type + "." + row.Path
		if of := services.Of(row.Type); !slices.ContainsFunc(of, func(r services.Row) bool { return r.Path == row.Path }) {
			t.Errorf("%s is not found", name)
		}
		if n := strings.Count(row.Path, "."); row.Object && n == 0 {
			t.Errorf("%s: there is no value around the argument", name)
		}
		if !row.Accepts.Has(services.KeyARN) {
			t.Errorf("%s does not take a key's ARN, which every service does", name)
		}
		if (row.Managed != "") != (row.Default == services.AWSManaged) || row.Managed != "" && !strings.HasPrefix(row.Managed, "alias/aws/") {
			t.Errorf("%s: the managed key is %q", name, row.Managed)
		}
		if row.AliasSource != "" && row.Alias == services.AliasUnknown {
			t.Errorf("%s: a source says nothing of aliases", name)
		}
		if !row.Signs && row.Accepts.Has(services.AliasARN) == (row.Alias == services.AliasRejectedByAPI || row.Alias == services.AliasRejectedByProvider) {
			t.Errorf("%s: an alias's ARN is taken and rejected", name)
		}
		if row.Change == services.Unknown && !row.Uncertain {
			t.Errorf("%s: what a change of the key does is not known, and not said to be uncertain", name)
		}
		if f := row.Flag; f != nil && (f.Path == "" || len(f.Need) == 0 || f.Required && f.Default != "" || slices.Contains(f.Need, f.Default) && f.Default != "true") {
			t.Errorf("%s: flag %+v", name, *f)
		}
		if wider := services.Of(row.Type); len(wider) > 0 && cap(wider) != len(wider) {
			t.Errorf("%s: who appends to the rows of a type writes into the table", name)
		}
	}
	for _, typ := range []string{"", "aws_", "aws_kms_key", "aws_zz", "azurerm_disk", "aws_xray_encryption_config2"} {
		if services.Of(typ) != nil {
			t.Errorf("%q takes a key", typ)
		}
	}
}

func TestAttributeAndTop(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][2]string{"kms_key_id": {"kms_key_id", "kms_key_id"}, "a.b.c": {"a", "c"}} {
		row := services.Row{Path: path}
		if row.Top() != want[0] || row.Attribute() != want[1] {
			t.Errorf("%s: %s, %s", path, row.Top(), row.Attribute())
		}
	}
}

// TestSwitches looks for the switch of each flag that is a boolean, and samples what they do.
func TestSwitches(t *testing.T) {
	t.Parallel()
	for _, row := range services.All() {
		if row.Flag == nil || row.Flag.Need[0] != "true" {
			continue
		}
		for _, path := range []string{row.Flag.Path, row.Flag.Or} {
			if _, ok := services.SwitchOf(row.Type, path); path != "" && !ok {
				t.Errorf("%s.%s has no switch", row.Type, path)
			}
		}
	}
	for name, want := range map[string]services.Switch{
		"aws_db_instance storage_encrypted":                       {On: services.Replace, Off: services.Replace, Removed: services.Replace, Set: services.Replace},
		"aws_rds_cluster storage_encrypted":                       {On: services.Replace, Off: services.Replace, Removed: services.NoOp, Set: services.Replace},
		"aws_redshift_cluster encrypted":                          {On: services.InPlace, Off: services.InPlace, Removed: services.InPlace, Set: services.InPlace},
		"aws_opensearch_domain encrypt_at_rest.enabled":           {On: services.EngineDecides, Off: services.Replace, Removed: services.Replace, Set: services.Replace},
		"aws_instance ebs_block_device.encrypted":                 {On: services.NoOp, Off: services.NoOp, Removed: services.NoOp, Set: services.InPlace, Uncertain: true},
		"aws_workspaces_workspace user_volume_encryption_enabled": {On: services.Replace, Off: services.Replace, Removed: services.Replace, Set: services.Replace},
	} {
		typ, path, _ := strings.Cut(name, " ")
		want.Type, want.Path = typ, path
		if got, _ := services.SwitchOf(typ, path); got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, ok := services.SwitchOf("aws_db_instance", "nothing"); ok {
		t.Error("a switch that does not exist is found")
	}
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	got := map[string][]string{}
	for _, row := range services.All() {
		for _, p := range row.Principals() {
			got[p.Name] = append(got[p.Name], row.Type+"."+row.Path)
			if len(p.Actions) == 0 || !strings.HasPrefix(p.Source, "https://docs.aws.amazon.com/") || p.Sender && p.Creates {
				t.Errorf("%s: %+v", p.Name, p)
			}
		}
	}
	want := map[string]int{
		"logs.<region>.amazonaws.com": 3, "cloudtrail.amazonaws.com": 2, "config.amazonaws.com": 1, "guardduty.amazonaws.com": 1,
		"dnssec-route53.amazonaws.com": 1, "s3.amazonaws.com": 2, "events.amazonaws.com": 2, "cloudwatch.amazonaws.com": 1, "sns.amazonaws.com": 1,
	}
	for name, n := range want {
		if len(got[name]) != n {
			t.Errorf("%s has to use the keys of %v", name, got[name])
		}
	}
	for _, quiet := range []string{"aws_db_instance", "aws_ebs_volume", "aws_secretsmanager_secret", "aws_dynamodb_table", "aws_efs_file_system", "aws_lambda_function"} {
		for _, row := range services.Of(quiet) {
			if len(row.Principals()) > 0 {
				t.Errorf("%s acts for its caller, and needs no service in the policy", quiet)
			}
		}
	}
}
