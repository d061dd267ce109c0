package policy

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

var update = flag.Bool("update", false, "write what is seen as what is wanted")

// TestNotations runs testdata/notations/*.txtar: what is read of the policy of every key, with its places.
func TestNotations(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/notations/*.txtar")
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
			files := map[string]string{}
			for _, f := range archive.Files[:len(archive.Files)-1] {
				files[f.Name] = string(f.Data)
			}
			got := policiesOf(load(t, files))
			want := &archive.Files[len(archive.Files)-1]
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("policies (-want +got):\n%s", diff)
			}
		})
	}
}

func policiesOf(config *terraform.Configuration) string {
	var out strings.Builder
	resolver := NewResolver(config)
	for _, scope := range config.Scopes() {
		for _, r := range scope.Resources(nil) {
			if r.Type == "aws_kms_key" {
				fmt.Fprintf(&out, "%s%s", r.Address, strings.Join(r.Instances, ","))
				show(&out, FromValue(r.Attr("policy"), resolver), "  ")
			}
		}
	}
	return out.String()
}

func show(out *strings.Builder, d Document, indent string) {
	fmt.Fprintf(out, " %s %s", [...]string{"json", "encoded", "block"}[d.Notation], where(d.Range))
	if d.Absent {
		out.WriteString(" absent")
	}
	if d.Open {
		out.WriteString(" open: " + d.Reason)
	}
	for _, from := range d.Rest {
		if symbol, named := from.Symbol(); named {
			out.WriteString(" " + symbol + "...")
		}
	}
	for _, part := range []struct {
		name string
		text Text
	}{{"version", d.Version}, {"id", d.ID}} {
		if len(part.text.Parts) > 0 {
			out.WriteString(" " + part.name + "=" + word(part.text))
		}
	}
	out.WriteString("\n")
	for _, alternative := range d.Alternatives {
		out.WriteString(indent + "or")
		show(out, alternative, indent+"  ")
	}
	for _, s := range d.Statements {
		showStatement(out, s, indent)
	}
	for _, f := range d.Faults {
		kind := [...]string{"refused", "misspelt", "crashed", "dropped", "opened", "repeated"}[f.Kind]
		fmt.Fprintf(out, "%s%s %s %s", indent, kind, where(f.Range), f.What)
		if f.Value.Filename != "" {
			out.WriteString(": " + where(f.Value))
		}
		out.WriteString("\n")
	}
}

func showStatement(out *strings.Builder, s Statement, indent string) {
	fmt.Fprintf(out, "%s%s", indent, word(s.Effect))
	if len(s.Sid.Parts) > 0 {
		out.WriteString(" " + word(s.Sid))
	}
	fmt.Fprintf(out, " %s%s%s\n", where(s.Range), maybe(s.Exists), opened(s.Open, s.Reason))
	indent += "  "
	for _, part := range []struct {
		name       string
		principals Principals
	}{{"principals", s.Principals}, {"not principals", s.NotPrincipals}} {
		if part.principals.Present == terraform.False {
			continue
		}
		fmt.Fprintf(out, "%s%s%s%s\n", indent, part.name, maybe(part.principals.Present), opened(part.principals.Open, part.principals.Reason))
		for _, group := range part.principals.Groups {
			fmt.Fprintf(out, "%s  %s = %s%s\n", indent, word(group.Type), items(group.Identifiers), maybe(group.Exists))
		}
	}
	for _, part := range []struct {
		name string
		list List
	}{{"actions", s.Actions}, {"not actions", s.NotActions}, {"resources", s.Resources}, {"not resources", s.NotResources}} {
		if part.list.Present != terraform.False {
			fmt.Fprintf(out, "%s%s = %s\n", indent, part.name, items(part.list))
		}
	}
	if s.Conditions.Open {
		fmt.Fprintf(out, "%sconditions%s\n", indent, opened(true, s.Conditions.Reason))
	}
	for _, c := range s.Conditions.Items {
		fmt.Fprintf(out, "%sif %s %s = %s%s\n", indent, word(c.Test), word(c.Key), items(c.Values), maybe(c.Exists))
	}
}

func items(l List) string {
	var out []string
	for _, item := range l.Items {
		out = append(out, word(item)+" "+where(item.Range))
	}
	for _, p := range l.Possible {
		if symbol, named := p.Text.Symbol(); p.Many && named {
			out = append(out, symbol+"...")
		} else if !p.Many {
			out = append(out, word(p.Text)+" perhaps")
		}
	}
	return "[" + strings.Join(out, ", ") + "]" + maybe(l.Present) + opened(l.Open, l.Reason)
}

func word(t Text) string {
	symbol, _ := t.Symbol()
	return fmt.Sprintf("%q", symbol)
}

func where(r hcl.Range) string {
	return fmt.Sprintf("@%d:%d-%d:%d", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column)
}

func maybe(exists terraform.Truth) string {
	if exists == terraform.True {
		return ""
	}
	return " maybe"
}

func opened(open bool, reason string) string {
	if !open {
		return ""
	}
	return " open: " + reason
}
