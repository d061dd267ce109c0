package github

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

func TestFindReferences(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		name, text string
		modules    []string
		files      []reference
	}{
		"local modules": {
			name:    "env/prod/main.tf",
			text:    "module \"a\" {\n  source = \"./kms\"\n}\nmodule \"b\" {\n  for_each = { x = { source = \"./no\" } }\n  source = \"../../modules/b\"\n}",
			modules: []string{"env/prod/kms", "modules/b"},
		},
		"at the root": {name: "main.tf", text: "module \"a\" { source = \"./a\" }", modules: []string{"a"}},
		"never fetched": {
			name: "main.tf",
			text: "module \"a\" { source = \"terraform-aws-modules/kms/aws\" }\nmodule \"b\" { source = \"git::https://example.com/b.git\" }\n" +
				"module \"c\" { source = \"/etc\" }\nmodule \"d\" { source = \"../../outside\" }\nmodule \"e\" { source = \"./${var.which}\" }\n" +
				"resource \"x\" \"y\" { source = \"./no\" }\nlocals { source = \"./no\" }",
		},
		"sources of other things inside a module block": {
			name: "main.tf", text: "module \"a\" {\n  providers = { source = \"./no\" }\n  source = \"./yes\"\n}\nsource = \"./no\"",
			modules: []string{"yes"},
		},
		"in a comment": {name: "main.tf", text: "# module \"a\" { source = \"./no\" }\n/* module \"b\" { source = \"./no\" } */"},
		"broken after the module": {
			name: "main.tf", text: "module \"a\" { source = \"./a\" }\nresource \"aws_kms_key\" {{{ \"", modules: []string{"a"},
		},
		"files": {
			name: "env/main.tf",
			text: "locals {\n p = file(\"${path.module}/policies/key.json\")\n q = templatefile(\"../t/x.tftpl\", { a = \"b\" })\n" +
				" r = file(\"${path.module}/p/${var.name}.json\")\n s = file(var.path)\n u = file(\"${path.module}/${var.x}\")\n v = \"file(${file(\"in.txt\")})\"\n}",
			files: []reference{{dir: "env/policies", name: "key.json"}, {dir: "t", name: "x.tftpl"}, {dir: "env/p", ext: ".json"}, {dir: "env", name: "in.txt"}},
		},
		"files outside": {name: "main.tf", text: "locals { p = file(\"../../etc/passwd\") }"},
		"json": {
			name: "a/main.tf.json", text: `{"module": {"x": {"source": "./x"}, "y": [{"source": "../y"}], "z": "?"}}`,
			modules: []string{"a/x", "y"},
		},
		"broken json": {name: "main.tf.json", text: `{"module": `},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := findReferences(test.name, []byte(test.text))
			if d := cmp.Diff(test.modules, got.modules); d != "" {
				t.Error("modules", d)
			}
			if d := cmp.Diff(test.files, got.files, cmp.AllowUnexported(reference{})); d != "" {
				t.Error("files", d)
			}
		})
	}
}

// TestFindReferencesDoesNotRecurse would end the whole test process if it did.
func TestFindReferencesDoesNotRecurse(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 1<<20)
	findReferences("main.tf", []byte("locals { a = "+deep))
	findReferences("main.tf", []byte("locals { a = "+strings.Repeat("\"${", 1<<17)))
	findReferences("main.tf.json", []byte(`{"module": `+deep))
}

func FuzzFindReferences(f *testing.F) {
	f.Add("module \"a\" {\n  source = \"./a\"\n}\n")
	f.Add("locals { a = file(\"${path.module}/x/${b}.json\") }")
	f.Fuzz(func(t *testing.T, text string) {
		found := findReferences("dir/main.tf", []byte(text))
		for _, dir := range found.modules {
			if !inside(dir) {
				t.Errorf("module outside the repository: %q", dir)
			}
		}
		for _, file := range found.files {
			if !inside(file.dir) {
				t.Errorf("file outside the repository: %q", file.dir)
			}
		}
	})
}

func FuzzCallees(f *testing.F) {
	f.Add("env/prod", "module \"m\" {\n  source = \"../../modules/m\"\n}\n")
	f.Add(".", `{"module": {"m": {"source": "./a\u0000"}}}`)
	f.Fuzz(func(t *testing.T, dir, text string) {
		for _, callee := range callees(path.Clean("/" + dir)[1:], terraform.LocalSources([]byte(text))) {
			if !inside(callee) || !storable(callee) {
				t.Errorf("a callee that is outside or breaks the database: %q", callee)
			}
		}
	})
}
