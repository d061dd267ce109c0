package analyzer_test

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/compare"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// The benchmarks share one repository in memory: 100 root modules that call a module for keys, and 300 that have
// nothing to do with KMS. Compare them with Parse in the same run: the machine cancels out.

const (
	keyRoots   = 100
	otherRoots = 300
)

func repository() (fsys fstest.MapFS, dirs []string) {
	fsys = fstest.MapFS{"modules/key/main.tf": {Data: []byte(`
variable "rotate" { type = bool }
variable "name" { type = string }

resource "aws_kms_key" "this" {
  description         = "key of ${var.name}"
  enable_key_rotation = var.rotate
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "root", Effect = "Allow", Principal = { AWS = "*" }, Action = "kms:*", Resource = "*" }]
  })
}

output "arn" { value = aws_kms_key.this.arn }
`)}}
	dirs = []string{"modules/key"}
	for i := range keyRoots + otherRoots {
		dir := fmt.Sprintf("live/root%03d", i)
		dirs = append(dirs, dir)
		text := ""
		for j := range 10 {
			text += fmt.Sprintf(`
resource "aws_sqs_queue" "queue%[1]d" {
  name                      = "${local.prefix}-queue%[1]d"
  delay_seconds             = 90
  max_message_size          = 2048
  message_retention_seconds = 86400
  tags                      = merge(local.tags, { Number = %[1]d })
}
`, j)
		}
		if i < keyRoots {
			text += `
module "key" {
  source   = "../../modules/key"
  for_each = local.keys
  name     = each.key
  rotate   = each.value
}

resource "aws_ebs_volume" "data" {
  availability_zone = "eu-west-1a"
  encrypted         = true
  kms_key_id        = module.key["a"].arn
  size              = 10
}
`
		}
		fsys[path.Join(dir, "main.tf")] = &fstest.MapFile{Data: []byte(text)}
		fsys[path.Join(dir, "locals.tf")] = &fstest.MapFile{Data: []byte(`
locals {
  prefix = "team-${var.environment}"
  tags   = { Team = "platform", Environment = var.environment }
  keys   = { a = true, b = true, c = false }
}

variable "environment" { default = "test" }
`)}
	}
	return fsys, dirs
}

// BenchmarkParse is the floor: every file read and parsed once.
func BenchmarkParse(b *testing.B) {
	fsys, _ := repository()
	b.ReportAllocs()
	for b.Loop() {
		for name, file := range fsys {
			if _, diags := hclsyntax.ParseConfig(file.Data, name, hcl.InitialPos); diags.HasErrors() {
				b.Fatal(diags)
			}
		}
	}
}

func load(b *testing.B, fsys fs.FS, dirs []string) *terraform.Configuration {
	b.Helper()
	config, err := terraform.Load(context.Background(), fsys, dirs, terraform.Options{Matters: kms.Matters})
	if err != nil || len(config.Diagnostics) > 0 {
		b.Fatal(err, config.Diagnostics)
	}
	return config
}

func BenchmarkLoad(b *testing.B) {
	fsys, dirs := repository()
	b.ReportAllocs()
	for b.Loop() {
		load(b, fsys, dirs)
	}
}

// BenchmarkEvaluate gives every argument of the keys and volumes its value; loading is not counted.
func BenchmarkEvaluate(b *testing.B) {
	fsys, dirs := repository()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		config := load(b, fsys, dirs)
		b.StartTimer()
		snapshot := kms.Build(config)
		for _, typ := range []string{"aws_kms_key", "aws_ebs_volume"} {
			for _, r := range snapshot.OfType(typ) {
				for _, name := range []string{"description", "enable_key_rotation", "policy", "encrypted", "kms_key_id", "size"} {
					r.Attr(name)
				}
			}
		}
	}
}

// BenchmarkAffected finds what a change of the shared module reaches: all keys, and the volumes that use them.
func BenchmarkAffected(b *testing.B) {
	fsys, dirs := repository()
	changed := fstest.MapFS{}
	for name, file := range fsys {
		changed[name] = file
	}
	module := *fsys["modules/key/main.tf"]
	module.Data = append([]byte("resource \"aws_kms_alias\" \"this\" {\n  name = \"alias/${var.name}\"\n  target_key_id = aws_kms_key.this.key_id\n}\n"), module.Data...)
	changed["modules/key/main.tf"] = &module
	base, head := load(b, fsys, dirs), load(b, changed, dirs)
	b.ReportAllocs()
	for b.Loop() {
		if n := compare.Snapshots(kms.Build(base), kms.Build(head)).Touched(); n == 0 {
			b.Fatal("nothing is affected")
		}
	}
}

// BenchmarkScan judges the whole repository.
func BenchmarkScan(b *testing.B) {
	fsys, _ := repository()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := analyzer.Analyze(context.Background(), analyzer.Input{Head: fsys, Settings: settings.Default(), Now: time.Unix(0, 0)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompare judges the change of one root module, which most pull requests are.
func BenchmarkCompare(b *testing.B) {
	fsys, _ := repository()
	const name = "live/root007/locals.tf"
	changed := fstest.MapFS{}
	for name, file := range fsys {
		changed[name] = file
	}
	changed[name] = &fstest.MapFile{Data: append([]byte("# a comment\nlocals {\n  more = 1\n}\n"), fsys[name].Data...)}
	in := analyzer.Input{
		Base: fsys, Head: changed, Changed: []analyzer.ChangedFile{{Path: name, OldPath: name, Added: []int{1, 2, 3, 4}}},
		Settings: settings.Default(), Now: time.Unix(0, 0),
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := analyzer.Analyze(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
}
