package access_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

var update = flag.Bool("update", false, "write what is seen as what is wanted")

// TestStatements runs testdata/statements/*.txtar: what is found of each statement of each key's policy.
func TestStatements(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/statements/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want := &archive.Files[len(archive.Files)-1]
			got := judged(build(t, archive.Files[:len(archive.Files)-1]))
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("statements (-want +got):\n%s", diff)
			}
		})
	}
}

func build(t testing.TB, files []txtar.File) *kms.Snapshot {
	t.Helper()
	fsys, dirs := fstest.MapFS{}, []string{"."}
	for _, f := range files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, _ error) error {
		if d.IsDir() && name != "." {
			dirs = append(dirs, name)
		}
		return nil
	})
	config, err := terraform.Load(context.Background(), fsys, dirs, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range config.Diagnostics {
		t.Errorf("%s:%d: %s", d.File, d.StartLine, d.Summary)
	}
	return kms.Build(config)
}

func judged(s *kms.Snapshot) string {
	var out strings.Builder
	for _, key := range s.Keys {
		d, o := s.Policy(key), s.Owner(key)
		fmt.Fprintf(&out, "%s%s", key.Address, strings.Join(key.Instances, ","))
		if complete, why := access.Complete(d, o, action.All); complete == terraform.True {
			out.WriteString(" complete\n")
		} else {
			fmt.Fprintf(&out, " not complete: %s\n", why)
		}
		for i, one := range d.Alternatives {
			fmt.Fprintf(&out, "  alternative %d\n", i)
			show(&out, one, o, "    ")
		}
		show(&out, d, o, "  ")
	}
	return out.String()
}

func show(out *strings.Builder, d policy.Document, o access.Owner, indent string) {
	for i, s := range d.Statements {
		certain, possible := access.Actions(s)
		fmt.Fprintf(out, "%s%s: %s", indent, access.Name(s, i), certain)
		if more := possible &^ certain; more != 0 {
			fmt.Fprintf(out, " (perhaps %s)", more)
		}
		if effective, why := access.Effective(s, o); effective != terraform.True {
			fmt.Fprintf(out, " effective %s %s", truth(effective), why)
		}
		out.WriteString("\n")
		list, whole := access.Principals(s, o)
		showPrincipals(out, indent+"  ", list, whole, d, o)
		list, whole = access.NotPrincipals(s, o)
		showPrincipals(out, indent+"  not ", list, whole, d, o)
		limit, reasons := access.CallerLimit(s)
		if len(reasons) > 0 || limit != access.NoLimit {
			fmt.Fprintf(out, "%s  callers: %s\n", indent, limits(limit))
		}
		for _, r := range reasons {
			fmt.Fprintf(out, "%s    %s: the condition %s\n", indent, limits(r.Limit), r.Why)
		}
	}
}

func showPrincipals(out *strings.Builder, indent string, list []access.Principal, whole bool, d policy.Document, o access.Owner) {
	for _, p := range list {
		symbol, _ := p.Text.Symbol()
		fmt.Fprintf(out, "%s%s %s", indent, kinds[p.Kind], symbol)
		if p.Kind == access.Account || p.Kind == access.Identity {
			number, _ := p.Account.Symbol()
			fmt.Fprintf(out, " account %q own %s", number, truth(p.Own))
		}
		if p.Service != "" {
			fmt.Fprintf(out, " = %s", p.Service)
		}
		if p.Why != "" {
			fmt.Fprintf(out, ": %s", p.Why)
		}
		if certain, possible := access.Denied(d, p, o); possible != 0 {
			fmt.Fprintf(out, " denied %s perhaps %s", certain, possible&^certain)
		}
		out.WriteString("\n")
	}
	if !whole {
		out.WriteString(indent + "and perhaps others\n")
	}
}

var kinds = map[access.Kind]string{
	access.Unknown: "unknown", access.Everyone: "everyone", access.Account: "account", access.Identity: "identity",
	access.Service: "service", access.Federated: "federated", access.Canonical: "canonical", access.Invalid: "invalid",
}

func truth(t terraform.Truth) string {
	return map[terraform.Truth]string{terraform.True: "true", terraform.False: "false", terraform.Undecided: "undecided"}[t]
}

func limits(l access.Limit) string {
	return map[access.Limit]string{access.Limits: "limited", access.NoLimit: "not limited", access.LimitUnknown: "unknown"}[l]
}
