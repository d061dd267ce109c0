package kms_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// written writes a resource whose argument at a path is an expression, its outermost block by a dynamic one if wanted.
func written(row services.Row, expr string, dynamic bool) string {
	parts := strings.Split(row.Path, ".")
	body := parts[len(parts)-1] + " = " + expr + "\n"
	for i := len(parts) - 2; i >= 0; i-- {
		switch {
		case row.Object && i == len(parts)-2:
			body = parts[i] + " = {\n" + body + "}\n"
		case dynamic && i == 0:
			body = fmt.Sprintf("dynamic %q {\nfor_each = [1]\ncontent {\n%s}\n}\n", parts[i], body)
		default:
			body = parts[i] + " {\n" + body + "}\n"
		}
	}
	return fmt.Sprintf("resource %q \"x\" {\n%s}\n", row.Type, body)
}

const (
	key   = "resource \"aws_kms_key\" \"k\" {}\n"
	alias = "resource \"aws_kms_alias\" \"a\" {\n  name = \"alias/a\"\n  target_key_id = aws_kms_key.k.key_id\n}\n"
)

// TestEveryArgument links each argument of the table to the key that it names: directly, in a dynamic block, through a
// module's argument and an alias, and by an alias's name.
func TestEveryArgument(t *testing.T) {
	t.Parallel()
	paths, types := 0, map[string]bool{}
	for _, row := range services.All() {
		ok := true
		for name, files := range map[string]map[string]string{
			"direct":  {"main.tf": key + written(row, "aws_kms_key.k.arn", false)},
			"dynamic": {"main.tf": key + written(row, "aws_kms_key.k.arn", true)},
			"alias":   {"main.tf": key + alias + written(row, `"alias/a"`, false)},
			"module": {
				"main.tf":   key + alias + "module \"m\" {\n  source = \"./m\"\n  key = aws_kms_alias.a.target_key_arn\n}\n",
				"m/main.tf": "variable \"key\" {}\n" + written(row, "var.key", false),
			},
		} {
			uses := snapshot(t, files).Uses()
			if len(uses) != 1 || uses[0].Key.Name != "k" || uses[0].Row.Type != row.Type || uses[0].Row.Path != row.Path {
				t.Errorf("%s.%s (%s): linked by %v", row.Type, row.Path, name, uses)
				ok = false
			}
		}
		if ok {
			paths++
			types[row.Type] = true
		}
	}
	if paths != 229 || len(types) != 182 {
		t.Errorf("%d arguments of %d types are linked, not 229 of 182", paths, len(types))
	}
}

func snapshot(t *testing.T, files map[string]string) *kms.Snapshot {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	config, err := terraform.Load(t.Context(), fsys, []string{"."}, terraform.Options{Matters: kms.Matters})
	if err != nil || len(config.Diagnostics) > 0 {
		t.Fatal(err, config.Diagnostics, files)
	}
	return kms.Build(config)
}
