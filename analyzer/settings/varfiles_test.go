package settings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

func TestVarFiles(t *testing.T) {
	t.Parallel()
	s, diags := settings.Load(nil, &settings.File{Text: []byte(`
var_files:
  stacks/*: [main.tfvars, ../common.tfvars, /global.tfvars]
  stacks/prod: [../../vars/prod.tfvars]
  .: [envs/root.tfvars]
  "**": [own.tfvars]
  "*": [../../out.tfvars]
`)})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	for dir, want := range map[string][]terraform.VarFile{
		".":            {{Path: "envs/root.tfvars"}, {Path: "own.tfvars", Optional: true}},
		"stacks":       {{Path: "stacks/own.tfvars", Optional: true}},
		"stacks/dev":   {{Path: "stacks/dev/main.tfvars", Optional: true}, {Path: "stacks/common.tfvars", Optional: true}, {Path: "global.tfvars", Optional: true}, {Path: "stacks/dev/own.tfvars", Optional: true}},
		"stacks/prod":  {{Path: "stacks/prod/main.tfvars", Optional: true}, {Path: "stacks/common.tfvars", Optional: true}, {Path: "global.tfvars", Optional: true}, {Path: "vars/prod.tfvars", Optional: false}, {Path: "stacks/prod/own.tfvars", Optional: true}},
		"stacks/a/sub": {{Path: "stacks/a/sub/own.tfvars", Optional: true}},
	} {
		if diff := cmp.Diff(want, s.VarFilesOf(dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dir, diff)
		}
	}
	for file, want := range map[string]struct {
		dirs []string
		more bool
	}{
		"stacks/dev/main.tfvars": {[]string{"stacks/dev"}, false},
		"other/dev/main.tfvars":  {nil, false},
		"stacks/common.tfvars":   {nil, true},
		"global.tfvars":          {nil, true},
		"vars/prod.tfvars":       {[]string{"stacks/prod"}, false},
		"envs/root.tfvars":       {[]string{"."}, false},
		"own.tfvars":             {[]string{"."}, false},
		"a/b/own.tfvars":         {[]string{"a/b"}, false},
		"xown.tfvars":            {nil, false},
	} {
		dirs, more := s.UsersOf(file)
		if diff := cmp.Diff(want.dirs, dirs); diff != "" || more != want.more {
			t.Errorf("%s: more %t (-want +got):\n%s", file, more, diff)
		}
	}
}
