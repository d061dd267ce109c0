package terraform_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// FuzzLoad feeds hostile files: whatever they hold, reading, evaluating and identifying them ends.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("resource \"aws_kms_key\" \"a\" {\n  b = var.x\n}\nvariable \"x\" { default = [1] }\n"), []byte(`{"resource":{"aws_kms_key":{"a":{"b":"${local.c}"}}}}`), []byte("x = 1\n"))
	f.Add([]byte("module \"a\" { source = \"./\" }\nlocals {\n a = local.a\n}"), []byte(`{"module":{"b":{"source":"../x"}}}`), []byte("x = ["))
	f.Add([]byte("moved {\n from = a.b\n to = module.c\n}\nresource \"a\" \"b\" {\n count = -1\n lifecycle {\n ignore_changes = all\n}\n}"), []byte(`[]`), []byte(""))
	f.Add([]byte("resource \"a\" \"b\" {\n for_each = { (1e99999999) = 1 }\n b = \"${\"1e99999999\" * 1}\"\n}"), []byte(`{"variable":{"v":{"default":"${1e99999999}"}}}`), []byte("x = \"${-1e99999999}\""))
	f.Add([]byte("resource \"a\" \"b\" {\n b = merge({ (var.x) = 1 }, var.y ? { a = concat([1], var.x...) } : null)[try(var.x[0], one(var.z[*].a))]\n}\nvariable \"x\" {}\nvariable \"y\" {}"), []byte(`{"resource":{"a":{"b":{"b":["%{ for x in var.x }${x}%{ endfor }", {"${var.y}": "${jsondecode(jsonencode(var.x))}"}]}}}}`), []byte("z = [1]\n"))
	f.Fuzz(func(t *testing.T, native, json, vars []byte) {
		fsys := fstest.MapFS{
			"main.tf": {Data: native}, "more.tf.json": {Data: json}, "terraform.tfvars": {Data: vars}, "env/a.tfvars": {Data: vars},
		}
		config, err := terraform.Load(context.Background(), fsys, []string{"."}, terraform.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range config.Scopes() {
			for _, r := range s.Resources(nil) {
				r.Digest()
				v := r.Attr("b")
				v.Symbol()
				v.Members()
				v.Entries()
				r.Ignores("b")
				config.PreviousAddress(s.Root, r.Address)
			}
		}
	})
}
