package posture_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
)

// generator changes a repository as people do who keep several environments and the modules that they share in one.
type generator struct {
	random *rand.Rand
	files  map[string]string
}

var (
	roots   = []string{".", "live/dev", "live/prod", "live/shared", "accounts/audit", "stacks/data/eu"}
	modules = []string{"modules/key", "modules/queue", "modules/nested/bucket", "live/dev/local"}
)

func (g *generator) pick(all []string) string { return all[g.random.IntN(len(all))] }

func (g *generator) flag() string { return g.pick([]string{"true", "false", "var.on"}) }

// source is how one directory calls another.
func source(from, to string) string {
	up := ""
	if from != "." {
		up = strings.Repeat("../", strings.Count(from, "/")+1)
	}
	return "./" + up + to
}

// change changes one thing and says what.
func (g *generator) change() string {
	dir, module := g.pick(roots), g.pick(modules)
	n := g.random.IntN(3)
	put := func(name, text string) string {
		g.files[path.Clean(name)] = text
		return "put " + path.Clean(name)
	}
	switch g.random.IntN(20) {
	case 0, 1:
		return put(fmt.Sprintf("%s/key%d.tf", dir, n), g.key(fmt.Sprintf("k%d", n)))
	case 2, 3:
		return put(module+"/main.tf", g.module())
	case 4, 5:
		return put(fmt.Sprintf("%s/call%d.tf", dir, n), fmt.Sprintf("module \"m%d\" {\n  source = %q\n  on     = %s\n}\n\n%s", n, source(dir, module), g.flag(), g.queue(n)))
	case 6:
		return put(module+"/inner.tf", fmt.Sprintf("module \"inner\" {\n  source = %q\n  on     = var.on\n}\n", source(module, g.pick(modules))))
	case 7:
		return put(dir+"/variables.tf", fmt.Sprintf("variable \"on\" {\n  default = %s\n}\n", g.pick([]string{"true", "false", "null"})))
	case 8:
		return put(dir+"/"+g.pick([]string{"terraform.tfvars", "a.auto.tfvars", "prod.tfvars", "vars/prod.tfvars"}), fmt.Sprintf("on = %s\n", g.pick([]string{"true", "false"})))
	case 9:
		return put(dir+"/policy.tf", fmt.Sprintf("resource \"aws_kms_key\" \"file\" {\n  enable_key_rotation = true\n  policy = file(\"${path.module}/%spolicies/%d.json\")\n}\n",
			strings.TrimPrefix(source(dir, ""), "./"), n))
	case 10:
		return put(fmt.Sprintf("policies/%d.json", n), fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":"kms:*","Resource":"*"}]}`,
			g.pick([]string{`"*"`, `{"AWS":"arn:aws:iam::111122223333:root"}`})))
	case 11:
		return put(dir+"/waived.tf", fmt.Sprintf("# kms-review:ignore KMS101 until=%s reason=\"a test\"\n%s", g.pick([]string{"2030-01-01", "2020-01-01"}), g.key("waived")))
	case 12:
		return put(dir+"/volume.tf", "resource \"aws_ebs_volume\" \"data\" {\n  availability_zone = \"eu-west-1a\"\n  size = 10\n}\n")
	case 13:
		return put(dir+"/default.tf", fmt.Sprintf("resource \"aws_ebs_encryption_by_default\" \"this\" {\n  enabled = %s\n}\n", g.pick([]string{"true", "false"})))
	case 14:
		return put(".github/kms-review.yml", g.pick([]string{"rules:\n  KMS101: low\n", "rules:\n  KMS216: off\n", "fail_on: low\n", "rules: [\n"}))
	case 15:
		return put(dir+"/broken.tf", g.pick([]string{"resource \"aws_kms_key\" {\n", "locals {}\n", "resource \"aws_kms_key\" \"x\" {\n"}))
	case 16:
		return put(dir+"/which.tf", fmt.Sprintf("variable \"which\" {\n  default = \"%d\"\n}\n\nresource \"aws_kms_key\" \"which\" {\n"+
			"  policy = file(\"${path.module}/%spolicies/${var.which}.json\")\n}\n", n, strings.TrimPrefix(source(dir, ""), "./")))
	case 17:
		return put(dir+"/key0_override.tf", "resource \"aws_kms_key\" \"k0\" {\n  enable_key_rotation = "+g.flag()+"\n}\n")
	default:
		return g.remove()
	}
}

// remove takes away a file, or all of a directory.
func (g *generator) remove() string {
	names := slices.Sorted(maps.Keys(g.files))
	if len(names) < 8 {
		return "nothing"
	}
	name := g.pick(names)
	if g.random.IntN(4) > 0 {
		delete(g.files, name)
		return "remove " + name
	}
	maps.DeleteFunc(g.files, func(other, _ string) bool { return path.Dir(other) == path.Dir(name) })
	return "remove all of " + path.Dir(name)
}

func (g *generator) key(name string) string {
	return fmt.Sprintf("resource \"aws_kms_key\" %q {\n  description         = \"x\"\n  enable_key_rotation = %s\n}\n", name, g.flag())
}

func (g *generator) module() string {
	return fmt.Sprintf("variable \"on\" {\n  default = %s\n}\n\n%s\noutput \"arn\" {\n  value = aws_kms_key.this.arn\n}\n", g.pick([]string{"true", "false"}), g.key("this"))
}

func (g *generator) queue(n int) string {
	return fmt.Sprintf("resource \"aws_sqs_queue\" \"q%d\" {\n  kms_master_key_id = %s\n}\n", n, g.pick([]string{fmt.Sprintf("module.m%d.arn", n), `"alias/aws/sqs"`, "null"}))
}
